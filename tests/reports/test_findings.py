"""Results of other commands: kept in the run's folder, shown in its report, each once."""

import json

import pytest

from clearsight.base.errors import CorruptFile
from clearsight.reports import findings

SHARE = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 50}
ROW = {"name": "members/1", "top1_error": SHARE}
ERROR = {"top1_error": SHARE}
ENSEMBLE = {"n": 50, "part": "<val>", "members": [ROW, ROW], "mean": ERROR, "ensemble": {"top1_error": {**SHARE, "value": 0.25}}}
ATTACK = {
    "data": "test", "n": 50, "clean": SHARE, "robust": SHARE, "after_uint8": SHARE, "median_minimal_epsilon": None,
    "curve": [{"epsilon": 0.0, **SHARE}, {"epsilon": 0.1, **SHARE}],
    "preflight": [{"check": "gradient", "ok": False, "says": "it is <0>"}, {"check": "range", "ok": True, "says": "fine"}],
}  # fmt: skip


def test_figures_are_added_by_name(tmp_path):
    findings.keep(tmp_path, "attack", "fgsm", ATTACK)
    findings.keep(tmp_path, "attack", "pgd", {**ATTACK, "n": 20})
    findings.keep(tmp_path, "attack", "fgsm", {**ATTACK, "n": 30})
    kept = json.loads((tmp_path / "attack.json").read_text())
    assert {name: row["n"] for name, row in kept.items()} == {"fgsm": 30, "pgd": 20}


def test_cards_are_between_their_marks_and_names_are_text(tmp_path):
    assert findings.cards(tmp_path) == findings.BEGIN + findings.END
    (tmp_path / "ensemble.json").write_text(json.dumps(ENSEMBLE))
    (tmp_path / "attack.json").write_text(json.dumps({"fgsm": ATTACK}))
    page = findings.cards(tmp_path)
    assert page.startswith(findings.BEGIN) and page.endswith(findings.END) and page.index("Ensemble") < page.index("Adversarial")
    assert "25.0" in page and "&lt;val&gt;" in page and "<val>" not in page
    assert "it is &lt;0&gt;" in page and "fine" not in page and "–" in page  # only doubts are shown; no median


def test_a_report_shows_them_in_place_of_the_old_ones(tmp_path):
    (tmp_path / "report.html").write_text(f"<h1>x</h1>{findings.BEGIN}old{findings.END}<p>end</p>")
    findings.keep(tmp_path, "attack", "fgsm", ATTACK)
    page = (tmp_path / "report.html").read_text()
    assert "old" not in page and page.count("Adversarial robustness</h2>") == 1 and "<p>end</p>" in page
    findings.show(tmp_path)
    assert (tmp_path / "report.html").read_text() == page


def test_a_report_without_the_marks_stays(tmp_path):
    (tmp_path / "report.html").write_text("<h1>mine</h1>")
    findings.keep(tmp_path, "attack", "fgsm", ATTACK)
    assert (tmp_path / "report.html").read_text() == "<h1>mine</h1>"


def test_a_file_of_another_shape_is_named(tmp_path):
    (tmp_path / "ensemble.json").write_text("{}")
    with pytest.raises(CorruptFile, match=r"ensemble\.json is not"):
        findings.cards(tmp_path)
