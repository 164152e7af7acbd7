"""What a runtime must not see: weights in other files, functions that unfold, loops; found in the bytes, without a runtime."""

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError, CorruptFile
from clearsight.classifier.engines.onnx_bytes import ELSEWHERE, FUNCTION, SUBGRAPH, refused, require_plain

from .files import classifier, written

onnx = pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def data():
    return written(classifier())


def elsewhere(model, tensor):
    """The tensor's values are in a file of the working directory."""
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret")


def weights_in_another_file(model):
    elsewhere(model, model.graph.initializer[0])


def a_constant_in_another_file(model):
    tensor = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "c")
    model.graph.node.append(onnx.helper.make_node("Constant", [], ["c"], value=tensor))
    elsewhere(model, model.graph.node[-1].attribute[0].t)


def a_function(model):
    same = [onnx.helper.make_node("F", ["x"], ["y"], domain="f")]  # of itself
    model.functions.append(onnx.helper.make_function("f", "F", ["x"], ["y"], same, [onnx.helper.make_opsetid("f", 1)]))


def a_loop(model):
    body = onnx.helper.make_graph([], "body", [], [])
    model.graph.node.append(onnx.helper.make_node("Loop", ["", ""], [], body=body))


@pytest.mark.parametrize(
    ("change", "has"),
    [(weights_in_another_file, ELSEWHERE), (a_constant_in_another_file, ELSEWHERE), (a_function, FUNCTION), (a_loop, SUBGRAPH)],
)
def test_what_is_not_read(data, change, has):
    assert refused(data) == ""
    model = onnx.load_from_string(data)
    change(model)
    assert refused(model.SerializeToString()) == has
    with pytest.raises(CorruptFile, match=r"m.onnx is not read: it has .*, which no file of clearsight export has"):
        require_plain(model.SerializeToString(), "m.onnx")


def test_two_parts_of_one_graph_are_both_looked_at(data):
    model = onnx.ModelProto()
    a_constant_in_another_file(model)
    assert refused(data + model.SerializeToString()) == ELSEWHERE, "a protocol buffer merges a field that is there twice"


def test_bytes_that_are_no_model(data):
    for cut in (1, 100, len(data) // 2, len(data) - 1):
        with pytest.raises(CorruptFile, match="cut short"):
            require_plain(data[:cut], "m.onnx")
    for rubbish in (b"\x18\x00\x00\x00ORTM" + data, b"<net name=", b"\xff" * 40, b"no model"):
        with pytest.raises(CorruptFile, match="it is not an ONNX file"):
            require_plain(rubbish, "m.onnx")


def test_a_network_with_a_loop_is_not_written(data):
    from clearsight.exports.onnx import serialised

    model = onnx.load_from_string(data)
    a_loop(model)
    with pytest.raises(ClearsightError, match="cannot be exported: it has a graph within"):
        serialised(model)
