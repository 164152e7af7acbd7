"""A session runs the bytes that it was given, and gives what is stored in them; what a runtime cannot do is said in one line."""

import json
import sys

import numpy as np
import pytest
import torch

from clearsight.base.errors import CorruptFile, MissingExtra, UsageError
from clearsight.classifier.engines.sessions import PRECISIONS, session

from .files import SIZE, classifier, written

PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino"}


@pytest.fixture(scope="module")
def data():
    pytest.importorskip("onnx")
    return written(classifier())


@pytest.mark.parametrize("engine", PRECISIONS)
def test_outputs_and_metadata(data, engine):
    pytest.importorskip(PACKAGES[engine])
    made = session(data, "model.onnx", engine)
    some = torch.randint(0, 256, (4, 3, SIZE, SIZE), dtype=torch.uint8)
    found = made.run(some.numpy())
    np.testing.assert_allclose(found["probabilities"], classifier().probabilities(some), atol=1e-6)
    again = made.run(some[:1].numpy())
    np.testing.assert_allclose(found["probabilities"][:1], again["probabilities"], atol=1e-6, err_msg="an output is not overwritten")
    assert json.loads(made.metadata["clearsight"])["classes"] == ["cat", "dog", "eel"]


def test_weights_in_another_file_are_not_read(data, tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    model = onnx.load_from_string(data)
    for value in model.graph.initializer:
        if value.name == "directions":
            onnx.external_data_helper.set_external_data(value, str(tmp_path / "secret"))
            value.ClearField("raw_data")
    (tmp_path / "secret").write_bytes(bytes(10**4))
    with pytest.raises(CorruptFile, match=r"model.onnx is not read: it has weights in another file"):
        session(model.SerializeToString(), "model.onnx", "onnx")


@pytest.mark.parametrize("engine", PRECISIONS)
def test_a_model_that_a_runtime_refuses_is_named(data, engine):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip(PACKAGES[engine])
    model = onnx.load_from_string(data)
    model.graph.node[0].op_type = "Unheard"
    with pytest.raises(CorruptFile, match=rf"model.onnx cannot be read by {engine}"):
        session(model.SerializeToString(), "model.onnx", engine)


def test_unknown_engines_and_precisions(data):
    with pytest.raises(UsageError, match=r"no engine of exported files is called 'tensorrt'"):
        session(data, "model.onnx", "tensorrt")
    with pytest.raises(UsageError, match=r"in float32, not in bfloat16"):
        session(data, "model.onnx", "onnx", "bfloat16")


def test_a_missing_runtime_is_named(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtra, match=r"pip install 'clearsight\[openvino\]'"):
        session(data, "model.onnx", "openvino")
