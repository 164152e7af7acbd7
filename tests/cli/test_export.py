"""`clearsight export`: one file that answers as the run does, or one sentence why there is none."""

import json

import pytest

from clearsight.classifier import load, save


def test_a_run_is_exported_and_says_how_it_was_checked(clearsight, exported, tmp_path):
    save(load(exported.folder), tmp_path / "runs" / "pets")
    said = clearsight("export", "runs/pets", "--to", "fitted", "--json")
    assert said.code == 0
    (file,) = json.loads(said.out)["files"]
    assert file["path"] == "runs/pets/export/fitted.onnx" and file["checked"]["labels_equal"] == file["checked"]["pictures"] == 32


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("runs/none",), 2, "no classifier at runs/none"),
        (("RUN", "--calibrate", "digits"), 2, "--calibrate goes with --int8"),
        (("RUN", "--out", "m.onnx", "--int8"), 2, "--calibrate DATA"),
        (("RUN", "--out", "model.h5"), 2, "an exported file is called NAME.onnx"),
        (("RUN", "--out", "x.onnx", "--to", "onnx", "--to", "fitted"), 2, "several kinds need a folder"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(clearsight, exported, words, code, says):
    said = clearsight("export", *(str(exported.folder) if word == "RUN" else word for word in words))
    assert said.code == code and says in said.err and said.err.count("\n") == 1
