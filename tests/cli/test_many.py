"""`clearsight classify MODEL SHARDS --out FOLDER`: what is printed, and which options do not go together."""

import json

import pytest

from tests.batch.conftest import inside, model, tars  # noqa: F401 — fixtures


def test_classify_into_a_folder(clearsight, inside, model, tars, tmp_path):  # noqa: F811
    said = clearsight("classify", model, tars, "--out", "answers", "--json")
    found = json.loads(said.out)
    assert said.code == 0 and (found["pictures"], found["failed"], found["shards"]) == (18, 1, 3)
    assert (tmp_path / "answers" / "_SUCCESS").is_file()
    said = clearsight("classify", model, tars, "--out", "answers")
    assert said.out == (
        "18 pictures of 3 shards are classified in answers (3 of them were done before); 1 of them have an error instead of an answer\n"
    )


@pytest.mark.parametrize("words", [("--workers", "2"), ("--on", "ray"), ("--out", "x", "--csv"), ("--out", "x", "--embeddings", "e.npz")])
def test_options_that_do_not_go_together(clearsight, words):
    said = clearsight("classify", "model", "pictures", *words)
    assert said.code == 2 and "--workers and --on go with --out FOLDER" in said.err
