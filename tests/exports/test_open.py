"""An engine computes an artefact by a file that is exported once into the cache; an exported file has no torch."""

from pathlib import Path

import pytest

from clearsight.base.errors import UsageError
from clearsight.base.files import cache_folder
from clearsight.classifier.engines.exported import opened
from clearsight.exports import open as opening
from clearsight.exports.open import engined, open_classifier
from tests.classifier.engines.files import classifier, written

pytest.importorskip("onnxruntime")


@pytest.fixture
def exports(monkeypatch):
    """The files that were asked for, in place of a trace by torch."""
    asked: list[Path] = []

    def export(of, path, **_):
        path.parent.mkdir(parents=True)
        path.write_bytes(written(of))
        asked.append(path)

    monkeypatch.setattr(opening, "export", export)
    return asked


def test_it_is_exported_once_and_again_after_a_change(exports):
    ours = classifier()
    ours.folder = "runs/means"
    for _ in range(2):
        found = engined(ours, "onnx")
        assert (found.engine, found.folder, found.weights_digest) == ("onnx", "runs/means", ours.weights_digest)
    assert len(exports) == 1 and exports[0].is_relative_to(cache_folder())
    ours.temperature = 2.0
    engined(ours, "onnx")
    assert len(set(exports)) == 2


def test_the_cache_keeps_the_latest_files(exports, monkeypatch):
    monkeypatch.setattr(opening, "KEPT", 2)
    ours = classifier()
    for temperature in (1.0, 2.0, 3.0):
        ours.temperature = temperature
        engined(ours, "onnx")
    assert [file.exists() for file in exports] == [False, True, True]


def test_torch_is_the_classifier_itself(exports):
    ours = classifier()
    assert engined(ours, "") is engined(ours, "torch") is ours
    with pytest.raises(UsageError, match=r"no engine is called 'tensorrt'"):
        engined(ours, "tensorrt")
    assert not exports


def test_engines_of_an_exported_file(tmp_path):
    pytest.importorskip("openvino")
    (tmp_path / "model.onnx").write_bytes(written(classifier()))
    assert open_classifier(tmp_path / "model.onnx").engine == "onnx"
    assert engined(opened(tmp_path / "model.onnx"), "openvino").engine == "openvino"
    with pytest.raises(UsageError, match=r"is computed by onnx or openvino"):
        open_classifier(tmp_path / "model.onnx", engine="torch")
    fast = opened(tmp_path / "model.onnx", "openvino").faster("bf16")
    assert (fast.precision, fast.faster("bf16").precision) == ("bfloat16", "bfloat16")
    ours = opened(tmp_path / "model.onnx", "openvino")
    ours.folder = "runs/means"
    assert ours.faster("bf16").folder == "runs/means"
