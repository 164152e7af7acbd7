"""JSON from a stranger's run folder: escaped where it is shown, one line that names the file where it has another shape."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from clearsight.attacks.attack import attack
from clearsight.base.errors import ClearsightError, CorruptFile
from clearsight.evaluation.evaluate import evaluate
from clearsight.evaluation.stress import stress
from clearsight.experiments import LADDER
from clearsight.experiments.ladder import LadderResult, Standing
from clearsight.reports import findings
from clearsight.reports.figures import charts
from clearsight.reports.of_run import _ladder, report_evaluation
from clearsight.runs.run import Run
from clearsight.training.api import train
from clearsight.training.ensemble import standing
from tests.pictures import digit_folder

EVIL = '<img src=x onerror=alert(1)><meta http-equiv="refresh" content="0;url=https://evil.example">'
VALUES: tuple[Any, ...] = (EVIL, None, [], {}, [1], {"x": 1}, -1, 1e308, True, float("nan"), "")
SHARE = {"value": 0.5, "low": 0.4, "high": 0.6}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("stored")
    data = digit_folder(root / "digits", per_class=12, classes=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEARSIGHT_CACHE", str(root / "cache"))
        made = train(str(data), model="pixels", epochs=4, lr=0.02, speed="plain", out=str(root / "ladder" / "run"), quiet=True)
        assert made is not None
        test = made.parts.parts["test"]
        evaluation = evaluate(made.classifier, test, quiet=True)
        pictures = torch.stack([made.classifier.preprocessing.load(test.source(i)) for i in range(len(test))])
        found = attack(made.classifier, pictures, torch.from_numpy(test.labels), method="fgsm", epsilon=0.1).to_json()
        stressed = stress(made.classifier, test, only=["fog", "shortcuts"], severities=[3], quiet=True).to_json()
    logits = torch.randn(9, 10)
    joined = standing({"members/1": logits, "members/2": logits}, logits, torch.arange(9))
    rows = [
        Standing("majority", "commonest class", "", dict(SHARE)),
        Standing("full", "full network", "swift", dict(SHARE), 10, 1.0, 5.0, {"0.1": dict(SHARE)}, {"shift": dict(SHARE)}, None, "runs/x"),
    ]
    changed = {name: dict(SHARE) for name in ("shift", "brightness", "occlusion")}
    rows[1] = replace(rows[1], changed=changed, step={"difference": dict(SHARE), "p": 0.5, "noise": True})
    whole = json.loads(json.dumps(LadderResult(made.run.parent, "digits", 7, 20, {"seed": 0}, standings=rows).to_json()))
    files = {
        "attack.json": {"fgsm": {"data": "test", **found}},
        "stress.json": {"title": "x", **json.loads(json.dumps(stressed))},
        "ensemble.json": joined,
        LADDER: whole,
        "run.json": json.loads((made.run / "run.json").read_text()),
    }
    return made, test, evaluation, files


def changed(value: Any) -> Iterator[Any]:
    """The JSON value with each of its parts, itself too, replaced by each of VALUES."""
    yield from VALUES
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(inner)[:12]:
        for other in changed(part) if isinstance(part, (dict, list)) else VALUES:
            whole = copy.copy(value)
            whole[key] = other
            yield whole
        if isinstance(value, dict):
            yield {name: kept for name, kept in value.items() if name != key}
            yield {(EVIL if name == key else name): kept for name, kept in value.items()}


def once(draw: Callable[..., Any]) -> Callable[..., Any]:
    """`draw`, with charts of the same values drawn once."""
    drawn: dict[str, Any] = {}

    def chart(*given: Any, **named: Any) -> Any:
        key = repr((given, named))
        if key not in drawn:
            found = draw(*given, **named)
            drawn[key] = found and SimpleNamespace(svg=cache(found.svg))
        return drawn[key]

    return chart


@pytest.mark.parametrize("name", ["attack.json", "stress.json", "ensemble.json", LADDER, "run.json"])
def test_any_part_may_be_anything(run, name, tmp_path, monkeypatch):
    files = run[3]
    for kind in ("lines", "rungs"):
        monkeypatch.setattr(charts, kind, once(getattr(charts, kind)))
    folder = tmp_path / "ladder" / "run"
    folder.mkdir(parents=True)
    (folder / "split.csv").write_text("name,label,part\n")
    path = folder.parent / name if name == LADDER else folder / name
    readers = {LADDER: lambda: _ladder(folder.parent), "run.json": lambda: str(Run(folder).divided() and "")}
    shown, refused = 0, []
    path.write_text(json.dumps(files[name]))
    readers.get(name, lambda: findings.cards(folder))()
    for value in changed(files[name]):
        path.write_text(json.dumps(value))
        try:
            page = readers.get(name, lambda: findings.cards(folder))()
        except ClearsightError as error:
            refused.append(str(error))
        else:
            assert "<img src=x" not in page and "<meta" not in page
            shown += EVIL.split()[0].replace("<", "&lt;") in page
    assert all(str(path) in line and len(line.splitlines()) == 1 for line in refused)
    assert len(refused) > 20 and (shown or name in ("stress.json", "run.json"))


def test_a_report_of_a_strangers_run_has_none_of_it(run, tmp_path):
    """The whole page, as `evaluate` writes it: facts of config.json, run.json and findings together."""
    made, test, evaluation, files = run
    for name, value in files.items():
        if name not in (LADDER, "run.json"):
            (made.run / name).write_text(json.dumps(value))
    (made.run / "ensemble.json").write_text(json.dumps({**files["ensemble.json"], "part": EVIL}))
    known = files["run.json"]
    (made.run / "run.json").write_text(json.dumps({**known, "data": f"{EVIL}; rm -rf ~", "hardware": {EVIL: EVIL}}))
    made.classifier.facts |= {"data": EVIL, EVIL: [EVIL], "seed": EVIL}
    report = report_evaluation(Run(made.run), made.classifier, evaluation, test, EVIL, folder=tmp_path / "out")
    page = report.read_text()
    assert "<img src=x" not in page and page.count("<meta") == 3
    assert "train &#x27;&lt;img" in page, "the command to make it again is quoted for a shell"
    (made.run / "run.json").write_text(json.dumps(known))


def test_a_misshapen_file_is_one_line(clearsight, run):
    made, _, _, files = run
    for name in ("attack.json", "ensemble.json", "stress.json"):
        (made.run / name).unlink(missing_ok=True)
    (made.run / "ensemble.json").write_text("[1]")
    said = clearsight("evaluate", made.run, "--quiet")
    assert said.code == 1 and "unexpected" not in said.err and f"{made.run / 'ensemble.json'} is not" in said.err
    assert len(said.err.strip().splitlines()) == 1
    (made.run / "ensemble.json").unlink()
    (made.run / "run.json").write_text(json.dumps([files["run.json"]]))
    for words in (("evaluate", made.run), ("train", "--resume", made.run)):
        said = clearsight(*words, "--quiet")
        assert said.code == 1 and f"{made.run / 'run.json'} is not that of a run" in said.err and "unexpected" not in said.err
    (made.run / "run.json").write_text(json.dumps(files["run.json"]))


def test_keeping_beside_a_foreign_file_is_refused(tmp_path):
    (tmp_path / "attack.json").write_text("[]")
    with pytest.raises(CorruptFile, match=r"attack\.json is not"):
        findings.keep(tmp_path, "attack", "fgsm", {})
    assert (tmp_path / "attack.json").read_text() == "[]"


def test_facts_of_a_strangers_artefact(run, tmp_path):
    """Known facts of another kind are refused by name of the file; unknown ones may be anything, and are only shown."""
    from clearsight.classifier import load, save
    from clearsight.classifier.config import config_digest

    made, _, _, _ = run
    classifier = load(made.run)
    for fact, value in (("validation", [1]), ("validation", {"top1": {"value": "x"}}), ("seconds", "x"), ("epochs", [])):
        classifier.facts = {fact: value}
        folder = tmp_path / f"{fact}{len(str(value))}"
        classifier.facts = {}
        save(classifier, folder)
        config = json.loads((folder / "config.json").read_text())
        config["facts"] = {fact: value}
        (folder / "config.json").write_text(json.dumps({**config, "sha256": config_digest(config)}))
        if value == []:
            load(folder)
            continue
        with pytest.raises(CorruptFile, match=r"config\.json is not a classifier's"):
            load(folder)
    classifier.facts = {"data": [EVIL], "x": {"y": EVIL}, "seed": np.pi}
    save(classifier, tmp_path / "odd")
    assert "<img" not in (tmp_path / "odd" / "README.md").read_text().replace("`['<img", "")
