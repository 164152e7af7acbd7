"""`.pt2`: the same module for PyTorch without Clearsight."""

import json

import torch

from clearsight.exports.comparison import answers, drawn
from clearsight.exports.write import export
from tests.exports.made import spread


def test_pytorch_reads_it_without_clearsight(tmp_path):
    classifier = spread("lenet5", size=28, channels=1)
    (file,) = export(classifier, tmp_path / "digits.pt2", quiet=True).files
    assert file.kind == "pt2" and file.checked.pixels_apart == 0
    told = {"clearsight": "", "classes": ""}
    program = torch.export.load(file.path, extra_files=told)
    picture = drawn(classifier.preprocessing)[3]
    probabilities, novelty = program.module()(torch.from_numpy(picture)[None])
    expected = answers(classifier, [picture])
    assert torch.allclose(probabilities, torch.from_numpy(expected.probabilities), atol=1e-5)
    assert torch.allclose(novelty, torch.from_numpy(expected.novelty), atol=1e-5)
    assert json.loads(told["clearsight"])["classes"] == json.loads(told["classes"]) == list(classifier.classes)
