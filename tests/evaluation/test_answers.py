"""The file of answers: what it gives back is the evaluation's own, and what is no such file is one line."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from clearsight.base.errors import CorruptFile
from clearsight.datasets.dataset import objects
from clearsight.evaluation.answers import FILE, NoAnswers, read, save
from clearsight.evaluation.evaluate import Evaluation
from clearsight.evaluation.recorded import recorded


def random(n: int, k: int, temperature: float = 1.7) -> Evaluation:
    rng = np.random.default_rng(n + k)
    logits = rng.normal(0, 3, (n, k)).astype(np.float32)
    logits[1] = 0  # all the same: the first is the answer
    labels = rng.integers(0, k, n)
    labels[: n // 2] = logits[: n // 2].argmax(1)
    names = objects(["a\nb\x00\udcff <b>.png", *(f"{i}.png" for i in range(1, n))])
    return Evaluation(tuple(f"class {i}" for i in range(k)), names, labels, logits, temperature)


def test_the_same_answers_are_the_same_bytes_and_say_where_they_come_from(tmp_path):
    stamp = {"judged_on": {"data": "pets", "part": "test", "n": 6, "digest": "ab" * 32}, "weights": "cd" * 32}
    digests = np.array([f"{i:032x}" for i in range(6)], "S32")
    one = recorded(replace(random(6, 3), stamp=stamp, no_interval="because"), "test", digests)
    save(tmp_path, one)
    first = (tmp_path / FILE).read_bytes()
    save(tmp_path, read(tmp_path))
    assert (tmp_path / FILE).read_bytes() == first
    found = read(tmp_path)
    assert found.stamp == stamp and (found.part, found.no_interval) == ("test", "because") and np.array_equal(found.digests, digests)
    some = found.subset(np.array([4, 2]))
    assert list(some.names) == ["4.png", "2.png"] and some.digests.tolist() == digests[[4, 2]].tolist()
    assert some.as_data().label(0) == found.classes[found.labels[4]]


def test_they_are_read_without_torch():
    code = "import sys; import clearsight.evaluation.answers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_folder_without_answers_says_what_makes_them(tmp_path):
    with pytest.raises(NoAnswers, match=f"no {FILE}: make it with clearsight evaluate {tmp_path}"):
        read(tmp_path)


CHANGES = {
    "a class that there is not": lambda kept: kept.update(labels=kept["labels"] + 9),
    "a negative choice": lambda kept: kept.update(top=kept["top"] - 1),
    "a name too few": lambda kept: kept.update(names=np.frombuffer(b'["a"]', np.uint8)),
    "scores of another shape": lambda kept: kept.update(scores=kept["scores"][:, :1]),
    "logits of another shape": lambda kept: kept.update(logits=kept["logits"][:, :1]),
    "no number": lambda kept: kept.update(confidences=kept["confidences"] * np.nan),
    "no labels": lambda kept: kept.pop("labels"),
    "no facts": lambda kept: kept.update(facts=np.frombuffer(b"[]", np.uint8)),
    "facts that are no JSON": lambda kept: kept.update(facts=np.frombuffer(b"{", np.uint8)),
    "a stamp of another kind": lambda kept: kept.update(facts=_with(kept["facts"], stamp=3)),
    "no temperature": lambda kept: kept.update(facts=_with(kept["facts"], temperature=0)),
    "no picture": lambda kept: kept.update({name: one[:0] for name, one in kept.items() if name not in ("facts", "names")}),
}


def _with(facts, **more):
    return np.frombuffer(json.dumps({**json.loads(facts.tobytes()), **more}).encode(), np.uint8)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_columns_that_do_not_belong_together_are_one_line(tmp_path, change):
    save(tmp_path, recorded(random(6, 3), "test"))
    kept = safetensors.numpy.load((tmp_path / FILE).read_bytes())
    change(kept)
    (tmp_path / FILE).write_bytes(safetensors.numpy.save({name: np.ascontiguousarray(one) for name, one in kept.items()}))
    with pytest.raises(CorruptFile, match=f"{FILE} is not the answers of an evaluation"):
        read(tmp_path)


def test_half_a_file_is_one_line(tmp_path):
    save(tmp_path, recorded(random(6, 3), "test"))
    whole = (tmp_path / FILE).read_bytes()
    for data in (b"", b"{}", whole[:100], whole[:-1], b"\xff" * 64):
        (tmp_path / FILE).write_bytes(data)
        with pytest.raises(CorruptFile, match=FILE):
            read(tmp_path)
