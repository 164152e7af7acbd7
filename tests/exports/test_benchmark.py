"""The table of speeds: each engine and precision has figures or a reason, and answers are compared with float32's of torch."""

import pytest

from clearsight.base.errors import MissingExtra, UsageError
from clearsight.classifier.engines.exported import opened
from clearsight.exports import benchmark
from clearsight.exports.benchmark import Timing, Timings, timed
from tests.classifier.engines.files import classifier, written

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def by_name(found: Timings) -> dict[tuple[str, str, int], Timing]:
    return {(line.engine, line.precision, line.batch): line for line in found.lines}


def test_every_line_has_figures_or_a_reason(monkeypatch, tmp_path):
    (tmp_path / "fitted.onnx").write_bytes(written(classifier()))

    def engined(of, engine, quiet):
        if engine == "openvino":
            raise MissingExtra("openvino is not there")
        return opened(tmp_path / "fitted.onnx", engine)

    monkeypatch.setattr(benchmark, "engined", engined)
    found = timed(classifier(), batches=(1, 3), threads=(1,), rounds=2, quiet=True)
    lines = by_name(found)
    for key in (("torch", "float32", 1), ("torch", "float32", 3), ("onnx", "float32", 1), ("onnx", "float32", 3)):
        line = lines[key]
        assert 0 < line.low <= line.milliseconds <= line.high and line.cpu_milliseconds > 0
        assert line.pictures_per_second == pytest.approx(1000 * line.batch / line.milliseconds)
        assert line.agreement == 1 and line.max_difference < 1e-5
    assert lines["openvino", "float32", 0].note == "openvino is not there"
    assert "export MODEL --int8" in lines["onnx", "int8", 0].note
    assert found.to_json()["lines"][0]["engine"] == "torch" and len(found.rows()) >= 4
    assert max(len(line) for line in found.table().splitlines()[2:]) <= 80


def test_an_exported_file_has_no_torch(tmp_path):
    (tmp_path / "model.onnx").write_bytes(written(classifier()))
    found = timed(opened(tmp_path / "model.onnx"), engines=("torch", "onnx"), batches=(1,), threads=(1,), rounds=1, quiet=True)
    assert "no torch" in by_name(found)["torch", "float32", 0].note
    assert by_name(found)["onnx", "float32", 1].max_difference == 0


def test_the_fastest_of_equal_answers_is_recommended():
    def line(engine: str, precision: str, batch: int, ms: float, agreement: float = 1.0) -> Timing:
        return Timing(engine, precision, batch, 1, ms, ms, ms, ms, 1000 * batch / ms, agreement, 0.0)

    lines = (
        line("torch", "float32", 1, 6.0), line("onnx", "float32", 1, 3.0), line("onnx", "int8", 1, 1.0, 0.9),
        line("torch", "float32", 32, 50.0), line("onnx", "float32", 32, 60.0), Timing("openvino", "float32", note="not there"),
    )  # fmt: skip
    found = Timings("means", {}, 1, 32, lines)
    first, second = found.headline().split("\n")
    assert first == "One picture at a time: onnx float32 with 1 thread, 3 ms, 2 × as fast as torch (--engine onnx)."
    assert second == "Many pictures: torch float32 with 1 thread, 50 ms."
    assert found.notes() == ["openvino float32: not there"]


@pytest.mark.parametrize("wrong", [{"batches": (0,)}, {"threads": (0,)}, {"rounds": 0}])
def test_nothing_below_one(wrong):
    with pytest.raises(UsageError, match=r"at least 1"):
        timed(classifier(), **wrong)
