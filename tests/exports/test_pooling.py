"""Max pooling after norms and activations: equal bits, and left alone where it would not be."""

import numpy as np
import pytest

from clearsight.exports.pooling import pools_last

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
DRAW = np.random.default_rng(0)
PICTURES = DRAW.normal(size=(2, 3, 9, 9)).astype(np.float32)


def model(scale: tuple[float, ...], shared: bool = False):
    """A convolution of four channels, a max pooling with a border, a norm with this scale, and Relu; or the pooled maps too."""
    node, info, of = onnx.helper.make_node, onnx.helper.make_tensor_value_info, onnx.numpy_helper.from_array
    nodes = [
        node("Conv", ["x", "w"], ["maps"]),
        node("MaxPool", ["maps"], ["pooled"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["pooled", "scale", "shift", "mean", "var"], ["normed"]),
        node("Relu", ["normed"], ["y"]),
    ]
    stored = [DRAW.normal(size=4).astype(np.float32) for _ in range(2)]
    values = {"w": DRAW.normal(size=(4, 3, 2, 2)).astype(np.float32), "scale": np.float32(scale), "shift": stored[0], "mean": stored[1]}
    outputs = [info(name, onnx.TensorProto.FLOAT, ["n", 4, 4, 4]) for name in ("y", *["pooled"] * shared)]
    graph = onnx.helper.make_graph(
        nodes, "pooling", [info("x", onnx.TensorProto.FLOAT, ["n", 3, 9, 9])], outputs,
        [of(value, name) for name, value in (values | {"var": np.float32([0.3, 1, 2, 3])}).items()],
    )  # fmt: skip
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)


def run(of) -> list[np.ndarray]:
    onnx.checker.check_model(of)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(of.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, {"x": PICTURES})


def test_the_order_changes_and_the_answer_does_not():
    made = model((0.5, 1, 1e-3, 2))
    before = run(made)
    assert pools_last(made) == 2
    assert [node.op_type for node in made.graph.node] == ["Conv", "BatchNormalization", "Relu", "MaxPool"]
    np.testing.assert_array_equal(run(made)[0], before[0])
    assert pools_last(made) == 0


@pytest.mark.parametrize("left", [model((0.5, -1, 1, 2)), model((1, 1, 1, 1), shared=True)], ids=["negative scale", "used twice"])
def test_it_stays_where_answers_would_change(left):
    assert pools_last(left) == 0
    assert [node.op_type for node in left.graph.node][:3] == ["Conv", "MaxPool", "BatchNormalization"]
