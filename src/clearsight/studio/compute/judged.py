"""Stored answers of runs for the page: one run's, picture by picture, and two compared; no network is asked."""

import base64
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import UsageError, plain
from ...evaluation.answers import Answers, read
from ...evaluation.compare import small
from ...evaluation.deciding import current, decide
from ...evaluation.recorded import nll, reliability
from ...metrics.calibration import mean_gap
from ...metrics.intervals import proportion, wilson
from .session import Session

FACTS = ("temperature", "precision", "views", "no_interval")


def report(_: Session, folder: str, run: str) -> dict[str, Any]:
    """The answers of a run in a folder: labels and first choices int32, confidences and probabilities of the truth float32, in base64."""
    found, doubt = read(Path(folder)), ""
    try:
        current(Path(folder), Path(run))
    except UsageError as error:
        doubt = plain(error)
    hits = int(found.right.sum())
    return {
        **_columns(found), **{name: getattr(found, name) for name in FACTS}, "part": found.part, "doubt": doubt,
        "on": found.stamp.get("judged_on", {}), "when": found.stamp.get("when", ""), "weights": str(found.stamp.get("weights", "")),
        "n": len(found), "top1": proportion(hits, len(found), found.no_interval), "nll": nll(found),
        "bins": _bins(found), "ece": mean_gap(reliability(found)),
    }  # fmt: skip


def comparison(_: Session, a: str, b: str, of: list[str]) -> dict[str, Any]:
    """The comparison of two runs by their answers in the folders `of`, with those pictures that only one of them has right."""
    folders = Path(of[0]), Path(of[1])
    found, place = decide(Path(a), Path(b), folders), {str(name): row for row, name in enumerate(read(folders[0]).names)}
    rows, p = {"only_a": found.only_a, "only_b": found.only_b}, small(found.comparison.p)
    pictures = {
        name: [{"row": place[str(found.a.names[row])], **_picture(found.a, found.b, row)} for row in some.tolist()]
        for name, some in rows.items()
    }
    headline = f"B is better on {len(found.only_b):,}, worse on {len(found.only_a):,}: p {p}"
    notes = [plain(note) for note in found.notes]
    return {"headline": headline, "figures": found.comparison.to_json(), "notes": notes, "pictures": pictures}


def _picture(a: Answers, b: Answers, row: int) -> dict[str, Any]:
    def told(one: Answers) -> dict[str, Any]:
        return {"label": plain(one.classes[one.predictions[row]]), "confidence": float(one.confidences[row])}

    return {"name": plain(a.names[row]), "truth": plain(a.classes[a.labels[row]]), "a": told(a), "b": told(b)}


def _columns(found: Answers) -> dict[str, Any]:
    truths = np.exp(found.truths.astype(np.float64) / found.temperature - found.log_sums)
    return {
        "classes": [plain(label) for label in found.classes], "names": [plain(name) for name in found.names],
        "labels": _bytes(found.labels, "<i4"), "choices": _bytes(found.predictions, "<i4"),
        "confidences": _bytes(found.confidences, "<f4"), "truths": _bytes(truths, "<f4"),
    }  # fmt: skip


def _bins(found: Answers) -> list[dict[str, Any]]:
    rows = []
    for one in reliability(found):
        hits = round((one.accuracy or 0.0) * one.n)
        rows.append({**asdict(one), "limits": wilson(hits, one.n) if one.n and not found.no_interval else None})
    return rows


def _bytes(values: NDArray[Any], kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


FUNCTIONS: dict[str, Callable[..., Any]] = {"report": report, "comparison": comparison}
