"""int8: which products are quantised, what a file says of itself, when nothing is written, and which processors need 7 bits."""

import json
import platform
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.base.files import digest
from clearsight.classifier.artefact import packed
from clearsight.classifier.engines.exported import opened
from clearsight.exports.golden import verify
from clearsight.exports.quantisation import Sample, _flags, of_network, quantised, reduced_range, without_detour
from tests.classifier.engines.files import SIZE, classifier, written
from tests.classifier.engines.test_exported import pictures

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

COARSE = reduced_range(platform.machine(), _flags())  # this chip's weights have 7 bits: one of 32 drawn pictures may get another label


def node(name: str, kind: str, inputs: str, output: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, op_type=kind, input=inputs.split(), output=[output])


def test_products_of_the_preprocessing_and_of_the_novelty_stay_exact():
    graph = [
        node("rows", "MatMul", "pictures r", "a"), node("columns", "MatMul", "a c", "b"), node("levels", "Clip", "b", "fitted"),
        node("scaled", "Div", "fitted mean", "x"),  # a deviation equal to the mean is stored once
        node("conv", "Conv", "x w", "m"),
        node("relu", "Relu", "m", "maps"), node("attention", "MatMul", "maps maps", "y"), node("fc", "Gemm", "y v", "z"),
        node("conv2", "Conv", "maps w2", "m2"), node("residual", "Add", "m2 maps", "sum"), node("pool", "MaxPool", "sum", "small"),
        node("few", "Gemm", "y head", "z3"), node("bias", "Add", "y bias", "y2"), node("views", "Add", "z y2", "z2"),
        node("near", "MatMul", "y directions", "cosines"), node("softmax", "Softmax", "z", "probabilities"),
    ]  # fmt: skip
    stored = [SimpleNamespace(name="v", dims=(512, 100)), SimpleNamespace(name="head", dims=(512, 10))]
    found = of_network(SimpleNamespace(graph=SimpleNamespace(node=graph, initializer=stored)))
    assert found == ["conv", "relu", "attention", "fc", "conv2", "residual", "pool"]


@pytest.mark.parametrize(
    ("mean", "low", "high", "removed"),
    [
        ((0.286,), 0, 255, 5),
        ((0.498, 0.498), 0, 255, 5),
        ((0.3,), 0, 255, 0),
        ((0.485, 0.456), 0, 255, 0),
        ((0.286,), 0, 200, 0),
        ((0.286,), 30, 255, 0),
    ],
)
def test_normalised_and_quantised_levels_that_come_back_are_taken_as_stored(mean, low, high, removed):
    onnx = pytest.importorskip("onnx")
    from onnxruntime import InferenceSession

    unit, middle, deviation = np.float32(255), np.array(mean, np.float32)[:, None, None], np.full((len(mean), 1, 1), 0.31, np.float32)
    ends = [(level / 255 - mean[0]) / 0.31 for level in (low, high)]
    scale = np.float32((ends[1] - ends[0]) / 255)
    stored = {"unit": unit, "mean": middle, "deviation": deviation, "scale": scale, "zero": np.uint8(round(-ends[0] / scale))}
    steps = ["Cast fitted a", "Div a unit b", "Sub b mean c", "Div c deviation d", "QuantizeLinear d scale zero q"]
    steps += ["DequantizeLinear q scale zero x", "Shape fitted n"]
    nodes = []
    for step in steps:
        kind, *names, out = step.split()
        nodes.append(onnx.helper.make_node(kind, names, [out], **({"to": onnx.TensorProto.FLOAT} if kind == "Cast" else {})))
    shape = ["n", len(mean), 16, 16]
    outputs = [onnx.helper.make_tensor_value_info(name, kind, None) for name, kind in (("x", 1), ("n", 7))]
    inputs = [onnx.helper.make_tensor_value_info("fitted", onnx.TensorProto.UINT8, shape)]
    kept = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in stored.items()]
    opset = [onnx.helper.make_opsetid("", 20)]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", inputs, outputs, kept), opset_imports=opset, ir_version=9)
    pictures = np.broadcast_to(np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16), (1, len(mean), 16, 16)).copy()

    def answered():
        return InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"fitted": pictures})

    before = answered()
    assert without_detour(model) is bool(removed) and len(model.graph.node) == len(nodes) - removed
    assert all(np.array_equal(a, b) for a, b in zip(before, answered(), strict=True))


def test_no_node_of_an_exported_preprocessing_is_chosen(exported):
    onnx = pytest.importorskip("onnx")
    whole = of_network(onnx.load(exported.onnx))
    assert whole == of_network(onnx.load(exported.fitted)) and not any(name.startswith("fit.") for name in whole) and len(whole) > 3


@pytest.mark.parametrize(
    ("machine", "flags", "reduced"),
    [
        ("x86_64", {"avx2"}, True),
        ("AMD64", set(), True),
        ("x86_64", {"avx2", "avx_vnni"}, False),
        ("x86_64", {"avx512_vnni"}, False),
        ("aarch64", set(), False),
    ],
)
def test_weights_of_7_bits_where_sums_of_16_would_overflow(machine, flags, reduced):
    assert reduced_range(machine, frozenset(flags)) is reduced


@pytest.fixture(scope="module")
def sample():
    drawn = torch.randint(0, 256, (64, 3, SIZE, SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    return Sample(drawn[:32], drawn[32:], classifier().probabilities(drawn[32:]).argmax(1), "drawn pictures")


def test_a_network_of_small_matrices_stays_exact(tmp_path, sample):
    (tmp_path / "fitted.onnx").write_bytes(written(classifier()))
    with pytest.raises(ClearsightError, match="8 bits make no part of this network faster"):
        quantised(tmp_path / "fitted.onnx", sample, quiet=True)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("clearsight.exports.quantisation.SMALL", 0)
    picture = packed(pictures(1)[0])
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "0.png").write_bytes(picture)
    row = {"file": "golden/0.png", "sha256": digest(picture), "probabilities": [0.1, 0.2, 0.7]}
    (tmp_path / "fitted.onnx").write_bytes(written(classifier(), golden=[row]))
    return tmp_path / "fitted.onnx"


def test_the_file_is_judged_and_says_so(file, sample):
    found = quantised(file, sample, tolerate=10 if COARSE else 0.5, quiet=True)
    assert found.accuracy["float32"]["value"] == 1 and found.agreement == found.accuracy["int8"]["value"]
    assert found.loss["low"] <= found.loss["value"] == 1 - found.agreement <= found.loss["high"]
    assert found.path == str(file.with_name("fitted-int8.onnx")) and (found.n, found.calibrated_on) == (32, 32)
    fast = opened(file.with_name("fitted-int8.onnx"))
    exact = opened(file)
    apart = (fast.probabilities(sample.pictures) - exact.probabilities(sample.pictures)).abs().max()
    assert 0 < found.max_difference < 0.2 and float(apart) == pytest.approx(found.max_difference)
    assert (fast.precision, fast.weights_digest) == ("int8", exact.weights_digest)
    assert fast.config["quantised"]["n"] == 32 and "/" not in fast.config["quantised"]["path"]
    novelties = fast.judged(sample.pictures)[1], exact.judged(sample.pictures)[1]
    np.testing.assert_allclose(*novelties, atol=0.1 if COARSE else 0.05, err_msg="of features in 8 bits")
    assert verify(fast.path).ok, "its golden samples have its own probabilities"
    assert len(json.dumps(found.to_json())) > 100 and "int8 loses" in found.table()


def test_a_file_of_another_program_stays(file, sample):
    (other := file.with_name("fitted-int8.onnx")).write_bytes(b"of another program")
    with pytest.raises(UsageError, match=r"fitted-int8.onnx was not written by Clearsight"):
        quantised(file, sample, quiet=True)
    assert other.read_bytes() == b"of another program"


def test_nothing_is_written_for_too_much_loss_or_without_pictures(file, sample):
    wrong = Sample(sample.calibration, sample.pictures, (sample.labels + 1) % 3, sample.name)
    with pytest.raises(ClearsightError, match=r"no fitted-int8.onnx was written: int8 loses"):
        quantised(file, wrong, tolerate=-101, quiet=True)
    with pytest.raises(UsageError, match=r"calibrate"):
        quantised(file, Sample(sample.calibration[:0], sample.pictures, sample.labels, ""), quiet=True)
    assert not file.with_name("fitted-int8.onnx").exists()
