"""The ONNX model: which operators it has, what is left out of the file, and what cannot be traced."""

import re
import sys

import onnx
import pytest
import torch
from torch import nn

from clearsight.base.errors import ClearsightError, MissingExtra
from clearsight.exports.graph import Graph
from clearsight.exports.onnx import require, runner, serialised, traced
from tests.exports.made import spread


def test_no_operator_is_read_differently_by_runtimes(exported):
    model = onnx.load(exported.onnx)
    onnx.checker.check_model(model, full_check=True)
    assert "Resize" not in {node.op_type for node in model.graph.node}
    assert [output.name for output in model.graph.output] == ["probabilities", "novelty"]
    shape = model.graph.input[0].type.tensor_type.shape
    assert [axis.dim_param or axis.dim_value for axis in shape.dim] == ["n", "height", "width", 3]


def test_no_path_of_this_machine_is_in_the_file(exported):
    assert not re.search(rb"stack_trace|site-packages|\.py\b", exported.onnx.read_bytes())


class _Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x.mean((2, 3))) * (2.0 if x.mean() > 0 else 1.0)


def test_a_network_that_branches_on_its_input_is_refused_in_a_sentence():
    classifier = spread("lenet5")
    classifier.model, classifier.reference = _Branching(), type(classifier.reference)()
    with pytest.raises(ClearsightError, match="this network cannot be exported: ") as refused:
        traced(Graph(classifier, "fitted"))
    assert "\n" not in str(refused.value)


def test_the_packages_are_named(monkeypatch):
    monkeypatch.setattr("clearsight.exports.onnx.find_spec", lambda name: None if name == "onnxscript" else sys)
    with pytest.raises(MissingExtra, match=re.escape("exporting needs onnxscript: pip install 'clearsight[onnx]'.")):
        require()


def test_properties_are_stored(exported):
    data = serialised(onnx.load(exported.fitted), {"clearsight": "{}"})
    assert onnx.load_from_string(data).metadata_props[0].value == "{}"
    assert len(runner(data)(torch.zeros(2, 3, 32, 32, dtype=torch.uint8).numpy())) == 2
