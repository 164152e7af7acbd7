"""`clearsight benchmark`: the table, the machine and the reasons on stdout; one JSON document."""

import json

import pytest

from tests.classifier.engines.files import classifier, written

pytest.importorskip("onnxruntime")


def test_a_table_and_one_document(clearsight, tmp_path):
    (tmp_path / "model.onnx").write_bytes(written(classifier()))
    words = ("benchmark", str(tmp_path / "model.onnx"), "--batch", "2", "--threads", "1", "--rounds", "1")
    said = clearsight(*words, "--engine", "torch", "--engine", "onnx")
    assert said.code == 0 and "pictures/s" in said.out and "torch float32: an exported file has no torch" in said.out
    found = json.loads(clearsight(*words, "--engine", "onnx", "--json").out)
    assert [line["batch"] for line in found["lines"] if line["milliseconds"]] == [2] and found["machine"]["processor"]
