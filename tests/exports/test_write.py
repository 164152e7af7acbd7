"""An exported file: what is written, refused, and what the file says of itself."""

import numpy as np
import onnxruntime
import pytest

from clearsight.base.errors import UsageError
from clearsight.exports import write
from clearsight.exports.comparison import answers, drawn


def test_the_file_answers_as_the_classifier(exported):
    session = onnxruntime.InferenceSession(exported.onnx, providers=["CPUExecutionProvider"])
    picture = drawn(exported.classifier.preprocessing)[2]
    probabilities, novelty = session.run(None, {"pictures": np.stack([picture] * 2)})
    expected = answers(exported.classifier, [picture])
    assert probabilities.shape == (2, 5) and probabilities[0] == pytest.approx(expected.probabilities[0], abs=1e-5)
    assert novelty == pytest.approx(expected.novelty[[0, 0]], abs=1e-5)
    assert len({tuple(row) for row in answers(exported.classifier, drawn(exported.classifier.preprocessing)).probabilities.round(2)}) > 5


def test_fitted_pictures_go_in_as_well(exported):
    session = onnxruntime.InferenceSession(exported.fitted, providers=["CPUExecutionProvider"])
    expected = answers(exported.classifier, drawn(exported.classifier.preprocessing)[:3])
    probabilities, novelty = session.run(None, {"fitted": expected.fitted.astype(np.uint8)})
    assert probabilities == pytest.approx(expected.probabilities, abs=1e-5) and novelty == pytest.approx(expected.novelty, abs=1e-5)


def test_another_kind_is_refused(exported, tmp_path):
    with pytest.raises(UsageError, match="no kind of exported file is called 'coreml'"):
        write.export(exported.classifier, tmp_path, to=("coreml",))
    (tmp_path / "model.onnx").write_bytes(b"mine")
    with pytest.raises(UsageError, match="was not written by Clearsight"):
        write.export(exported.classifier, tmp_path)
    assert (tmp_path / "model.onnx").read_bytes() == b"mine"
    with pytest.raises(UsageError, match=r"go to folders of this machine.* Got s3://bucket/model.onnx"):
        write.export(exported.classifier, "s3://bucket/model.onnx")
