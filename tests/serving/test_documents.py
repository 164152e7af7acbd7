"""One picture, three documents: of the command line, the server and an exported file; they have the same keys and the same answers."""

import json
import math

import pytest
from click.testing import CliRunner

from clearsight.classifier import load
from clearsight.cli.classify import classify
from clearsight.exports.write import export

from .conftest import CLASSIFY, on, picture, png

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

PROMISED = {"label", "index", "confidence", "labels", "known", "novelty", "model", "precision"}  # of every answer
OWN = {"source", "engine"}  # where the picture came from, and what computed the answer
ASKED = {"top": 3, "coverage": 0.9, "false_alarms": 0.05}


@pytest.fixture(scope="module")
def documents(artefacts, tmp_path_factory):
    """Three documents for a known picture and for an unlike one: by the command line, the server, and both with the exported file."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "pets").mkdir()
    export(load(artefacts / "pets"), folder / "pets" / "model.onnx", quiet=True)
    pictures = [folder / "known.png", folder / "unlike.png"]
    pictures[0].write_bytes(png(picture(0)))
    pictures[1].write_bytes(png(255 - picture(0)))
    words = ["--json", "--top", "3", "--coverage", "0.9", "--false-alarms", "0.05", *map(str, pictures)]

    def said(model):
        done = CliRunner().invoke(classify, [str(model), *words])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    async def ask(here):
        return [(await here.client.post(CLASSIFY, content=path.read_bytes(), params=ASKED)).json() for path in pictures]

    models = {"artefact": artefacts / "pets", "exported file": folder / "pets" / "model.onnx"}
    return {
        f"{way}, {name}": answers for name, model in models.items() for way, answers in (("cli", said(model)), ("server", on(ask, model)))
    }


@pytest.mark.slow  # an export
def test_they_have_the_same_keys_and_values(documents):
    first = documents["cli, artefact"]
    assert first[0].keys() >= PROMISED | OWN
    assert [one["known"] for one in first] == [True, False] and first[1]["label"] == "none of these" and first[1]["index"] == -1
    assert len(first[0]["model"]) == 64 and first[0]["labels"] and [one["precision"] for one in first] == ["float32"] * 2
    for way, answers in documents.items():
        for ours, theirs in zip(first, answers, strict=True):
            assert list(ours) == list(theirs), way
            for key in ours.keys() - OWN:
                assert same(ours[key], theirs[key]), f"{way}: {key}"
    assert {way: answers[0]["engine"] for way, answers in documents.items()} == {
        "cli, artefact": "torch", "server, artefact": "torch", "cli, exported file": "onnx", "server, exported file": "onnx",
    }  # fmt: skip


def same(a, b) -> bool:
    """Whether two values of JSON are equal, numbers within 1e-4."""
    if isinstance(a, float):
        return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-4)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a) if isinstance(a, dict) else a == b
