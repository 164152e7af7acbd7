"""The ONNX model: which operators it has, what is left out of the file, and what cannot be traced."""

import re
import sys

import onnx
import pytest
import torch

from clearsight.base.errors import ClearsightError, MissingExtra
from clearsight.classifier.ensemble import join
from clearsight.exports.comparison import answers, check, drawn
from clearsight.exports.graph import Network
from clearsight.exports.onnx import network, require, runner, serialised, whole, with_fitted
from tests.exports.made import spread
from tests.exports.test_graph import SETTINGS


def test_no_operator_is_read_differently_by_runtimes(exported):
    model = onnx.load(exported.onnx)
    onnx.checker.check_model(model, full_check=True)
    assert "Resize" not in {node.op_type for node in model.graph.node}
    assert [output.name for output in model.graph.output] == ["probabilities", "novelty"]
    shape = model.graph.input[0].type.tensor_type.shape
    assert [axis.dim_param or axis.dim_value for axis in shape.dim] == ["n", "height", "width", 3]


def test_no_path_of_this_machine_is_in_the_file(exported):
    assert not re.search(rb"stack_trace|site-packages|\.py\b", exported.onnx.read_bytes())


def test_a_network_that_cannot_be_traced_is_refused_in_a_sentence(monkeypatch):
    def export(*_, **__):
        try:
            raise ValueError("\n  data-dependent branch: u0 > 0\nmore")
        except ValueError as error:
            raise RuntimeError("a long report\nof many lines") from error

    monkeypatch.setattr(torch.onnx, "export", export)
    classifier = spread("lenet5")
    with pytest.raises(ClearsightError, match=r"^this network cannot be exported: data-dependent branch: u0 > 0$"):
        network(Network(classifier), classifier.preprocessing)


def test_the_packages_are_named(monkeypatch):
    monkeypatch.setattr("clearsight.exports.onnx.find_spec", lambda name: None if name == "onnxscript" else sys)
    with pytest.raises(MissingExtra, match=re.escape("exporting needs onnxscript: pip install 'clearsight[onnx]'.")):
        require()


def test_properties_are_stored(exported):
    model = onnx.load(exported.fitted)
    assert onnx.load_from_string(serialised(model, {"clearsight": "{}"})).metadata_props[0].value == "{}"
    assert len(runner(model)(torch.zeros(2, 3, 32, 32, dtype=torch.uint8).numpy())) == 2


def test_more_weights_than_a_file_holds_are_refused_before_tracing(monkeypatch):
    monkeypatch.setattr("clearsight.exports.onnx.LARGEST", 1000)
    classifier = spread("lenet5")
    with pytest.raises(ClearsightError, match=r"bytes, where an ONNX file has 1,000 at most"):
        network(Network(classifier), classifier.preprocessing)


def through_onnx_runtime(classifier) -> None:
    """One file answers as the classifier: 32 pictures of four sizes, alone and in batches of three."""
    of, pictures = classifier.preprocessing, drawn(classifier.preprocessing)
    model = whole(network(Network(classifier), of), of)
    found = check(runner(with_fitted(model)), "pictures", pictures, answers(classifier, pictures), quiet=True)
    assert (found.pixels_apart, found.labels_equal) == (0, found.pictures)
    assert found.max_difference <= 1e-5 and found.max_novelty_difference <= 1e-5


def test_five_channels_ten_crops_and_novelty_in_one_file():
    through_onnx_runtime(spread("lenet5", channels=5, views="ten-crop", fit="pad"))


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_in_one_file(name):
    through_onnx_runtime(spread("lenet5", **SETTINGS[name]))


@pytest.mark.slow
@pytest.mark.parametrize("views", ["", "mirror"])
def test_an_ensemble_in_one_file(views):
    members = [spread(name, order="bgr", views=views) for name in ("lenet5", "swift")]
    members[1].classes = members[1].classes[::-1]
    through_onnx_runtime(join(members))
