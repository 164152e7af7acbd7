"""`verify` of an exported file: the golden pictures next to it, through any engine; a changed one is noticed."""

import pytest

from clearsight.base.errors import CorruptFile
from clearsight.base.files import digest
from clearsight.classifier.artefact import packed
from clearsight.exports.golden import verify
from tests.classifier.engines.files import classifier, written
from tests.classifier.engines.test_exported import pictures

pytest.importorskip("onnxruntime")


@pytest.fixture
def file(tmp_path):
    """An exported file with three golden pictures."""
    ours, rows = classifier(), []
    (tmp_path / "golden").mkdir()
    for number, picture in enumerate(pictures(3, side=9)):
        name = f"golden/{number}.png"
        (tmp_path / name).write_bytes(packed(picture))
        rows.append({"file": name, "sha256": digest(packed(picture)), "probabilities": ours.of_picture(picture).tolist()})
    (tmp_path / "fitted.onnx").write_bytes(written(ours, golden=rows))
    return tmp_path / "fitted.onnx"


@pytest.mark.parametrize("engine", ["", "openvino"])
def test_the_golden_pictures_give_the_stored_probabilities(file, engine):
    pytest.importorskip(engine or "onnxruntime")
    found = verify(file, engine=engine)
    assert (found.ok, found.n, found.labels_equal, found.engine) == (True, 3, 3, engine or "onnx")
    assert found.max_difference < 1e-5


def test_a_changed_one_is_noticed(file):
    (file.parent / "golden" / "1.png").write_bytes(packed(pictures(1)[0]))
    with pytest.raises(CorruptFile, match=r"1\.png is damaged"):
        verify(file)


def test_a_file_without_its_golden_pictures_says_what_to_copy(file):
    (file.parent / "golden" / "1.png").unlink()
    with pytest.raises(CorruptFile, match=r"golden/1.png is missing, a golden sample of .*fitted.onnx: copy the folder golden next to it"):
        verify(file)


def test_what_is_wrong_with_them_is_said_of_the_file_itself(file):
    file.write_bytes(written(classifier(), golden="none"))
    with pytest.raises(CorruptFile, match=r"fitted.onnx is not a classifier's: its 'golden' must be a list"):
        verify(file)
