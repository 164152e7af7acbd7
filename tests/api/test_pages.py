"""Reports and figures from Python: `clearsight.report`, and the files that results are saved as."""

import json
from dataclasses import replace

import numpy as np
import pytest

import clearsight as cs
from clearsight.base.errors import UsageError
from clearsight.evaluation.answers import FILE, read
from clearsight.evaluation.recorded import nll, reliability
from clearsight.experiments.ladder import Standing
from clearsight.metrics.calibration import mean_gap
from clearsight.metrics.intervals import proportion, wilson

PNG, PDF = b"\x89PNG", b"%PDF"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return cs.train("digits", model="lenet5", epochs=2, quiet=True, out=tmp_path_factory.mktemp("runs") / "digits")


@pytest.fixture(scope="module")
def picture():
    return cs.open_dataset("digits")["test"].source(0)


def test_the_report_of_a_run_is_in_its_folder(run):
    path = cs.report(run, quiet=True)
    assert path == run.run / "report.html"
    text = path.read_text(encoding="utf-8")
    assert "Report on the test part" in text and "Training curves" in text and "Command to reproduce" in text
    stored = json.loads((run.run / "evaluation.json").read_text())
    assert stored["part"] == "test" and stored["n"] == 382
    found = read(run.run)
    assert found.right.mean() == stored["top1"]["value"] and nll(found) == stored["nll"] and mean_gap(reliability(found)) == stored["ece"]
    assert found.part == "test" and found.stamp["judged_on"] == stored["judged_on"] and found.stamp["weights"] == stored["weights"]


def test_other_pictures_do_not_replace_it(run):
    before, own = cs.report(run, quiet=True).read_bytes(), (run.run / FILE).read_bytes()
    path = cs.report(run, split="val", quiet=True)
    assert path.parent.parent == run.run / "judged" and "No figure here has an interval" in path.read_text(encoding="utf-8")
    assert (run.run / "report.html").read_bytes() == before and (run.run / FILE).read_bytes() == own
    assert len(read(path.parent)) == json.loads((path.parent / "evaluation.json").read_text())["n"] != 382


def test_a_file_or_a_folder_can_be_named(run, tmp_path):
    page = cs.report(run, path=tmp_path / "page.html", quiet=True)
    assert page == tmp_path / "page.html" and "Training curves" in page.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    inside = cs.report(str(run.run), path=tmp_path / "folder", quiet=True)
    assert inside == tmp_path / "folder" / "report.html" and (tmp_path / "folder" / "evaluation.json").is_file()


def test_a_classifier_in_memory_needs_a_path(run, tmp_path):
    made = cs.Classifier(run.classifier.model, run.classifier.preprocessing, run.classifier.classes)
    with pytest.raises(UsageError, match=r"path='report\.html'"):
        cs.report(made, "digits", quiet=True)
    text = cs.report(made, "digits", path=tmp_path / "mine.html", quiet=True).read_text(encoding="utf-8")
    assert "classifier on digits" in text and "Training curves" not in text
    assert cs.report(made, "digits", path=tmp_path / "out", quiet=True) == tmp_path / "out" / "report.html"


def test_a_page_of_another_program_is_not_written_over(run, tmp_path):
    (tmp_path / "index.html").write_text("<h1>mine</h1>")
    with pytest.raises(UsageError, match="was not written by Clearsight"):
        cs.report(run, path=tmp_path / "index.html", quiet=True)
    with pytest.raises(UsageError, match="was not written by Clearsight"):
        cs.evaluate(run, quiet=True).save(tmp_path / "index.html")
    assert (tmp_path / "index.html").read_text() == "<h1>mine</h1>"


def test_an_evaluation_is_saved_as_a_page_with_its_pictures(run, tmp_path):
    found = cs.evaluate(run, quiet=True)
    text = found.save(tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert "Report on the test part" in text and text.count("<img") > 8
    assert str(found.stamp["weights"])[:16] in text


def test_what_is_drawn_is_saved_as_a_figure(run, picture, tmp_path):
    explained = cs.explain(run, picture, "saliency", checks=False)
    assert explained.save(tmp_path / "why.png").read_bytes().startswith(PNG)
    assert explained.save(tmp_path / "why.PDF").read_bytes().startswith(PDF)
    layer = next(name for name, module in run.classifier.model.named_modules() if type(module).__name__ == "Conv2d")
    number = cs.recompute(run, picture, layer=layer, channel=0)
    assert "<svg" in number.save(tmp_path / "number.svg").read_text()
    stressed = cs.stress(run, n=40, severities=[3], only=["gaussian_noise"], quiet=True)
    assert stressed.save(tmp_path / "stress.png").read_bytes().startswith(PNG)


def test_a_ladder_is_saved_as_a_page(tmp_path):
    rungs = [Standing("majority", "commonest class", "", proportion(10, 100)), Standing("hog", "HOG", "hog", proportion(90, 100))]
    step = {"difference": {"value": 0.8, "low": 0.7, "high": 0.9}, "p": 0.0, "noise": False}
    found = cs.LadderResult(tmp_path / "ladder", "digits", 100, 900, {}, [rungs[0], replace(rungs[1], step=step)])
    text = found.save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "HOG gets 90.0" in text and "+80.00 points" in text and not (tmp_path / "ladder").exists()


def test_what_is_not_drawn_says_what_there_is(run, picture, tmp_path):
    with pytest.raises(UsageError, match=r"\.html"):
        cs.evaluate(run, quiet=True).save(tmp_path / "evaluation.png")
    with pytest.raises(UsageError, match=r"\.json"):
        cs.compare(run, run, quiet=True).save(tmp_path / "comparison.png")
    from clearsight.look.target import subject
    from clearsight.look.why import explain

    target = subject(str(run.run))
    with pytest.raises(UsageError, match="without its picture"):
        explain(target, target.inputs(picture), "saliency", checks=False).save(tmp_path / "why.png")


def test_intervals_of_a_page_are_those_of_the_evaluation(run):
    found = cs.evaluate(run, quiet=True)
    hits = np.diag(found.confusion)
    assert found.recall_limits == [wilson(int(right), row.n) for right, row in zip(hits, found.per_class, strict=True)]
    for row, limits in zip(found.reliability, found.reliability_limits, strict=True):
        assert (limits is None) == (row.n == 0)
        assert limits is None or limits[0] <= row.accuracy <= limits[1]
    assert found.accepted(0.0) == (len(found), found.top(1)["value"]) and found.accepted(1.1) == (0, None)
    sure = found.confidences >= 0.9
    assert found.accepted(0.9) == (sure.sum(), found.right[sure].mean())
    without = cs.evaluate(run, split="val", quiet=True)
    assert without.no_interval and set(without.recall_limits) == {None} == set(without.reliability_limits)
