"""What a classifier has learnt from is kept with it, by content, and what its ancestors have learnt from too."""

from dataclasses import replace
from hashlib import md5

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.classifier.learnt import ANCESTORS, DIVISION, Learnt, learnt, merged, write_ancestors
from clearsight.datasets.dataset import Dataset, objects

HEADER = "name,label,part,digest,group\n"


def digest(word):
    return md5(word.encode()).hexdigest()


def data(digests, names=None):
    n = len(digests)
    pictures = np.zeros((n, 2, 2), np.uint8)
    labels = objects(names or [f"other/{i}" for i in range(n)])
    return Dataset(("a",), np.zeros(n, np.int64), labels, pictures=pictures, digests=np.array([digest(d).encode() for d in digests], "S32"))


def test_train_unlabelled_and_val_are_learnt_from_and_nothing_else(tmp_path):
    parts = ("train", "unlabelled", "val", "test", "unused")
    (tmp_path / DIVISION).write_text(HEADER + "".join(f"{part}.png,a,{part},{digest(part)},\n" for part in parts))
    known = learnt(tmp_path)
    assert known.of(data([*parts, "new"])).tolist() == [True, True, True, False, False, False]
    assert known.parts(data([*parts, "new"])).tolist() == [*parts, ""]


def test_a_picture_in_two_parts_was_learnt_from(tmp_path):
    for order in (("test", "train"), ("train", "test"), ("test", "val"), ("unused", "unlabelled")):
        (tmp_path / DIVISION).write_text(HEADER + "".join(f"{i}.png,a,{part},{digest('same')},\n" for i, part in enumerate(order)))
        assert learnt(tmp_path).of(data(["same"])).tolist() == [True]


def test_ancestors_count_as_the_run_does(tmp_path):
    (tmp_path / DIVISION).write_text(HEADER + f"x,a,test,{digest('both')},\n")
    (tmp_path / ANCESTORS).write_text(write_ancestors(Learnt({digest("both"): "train", digest("theirs"): "val", digest("left"): "test"})))
    assert learnt(tmp_path).of(data(["both", "theirs", "left"])).tolist() == [True, True, False]


def test_what_an_ancestor_cannot_know_its_children_say(tmp_path):
    assert write_ancestors(Learnt()) == ""
    for digests in ({}, {digest("theirs"): "val"}):
        (tmp_path / ANCESTORS).write_text(write_ancestors(Learnt(digests, {"a/1": "train"}, False)))
        assert not learnt(tmp_path).complete and learnt(tmp_path).digests == digests


def test_what_was_only_seen_is_not_learnt_from():
    seen = Learnt({digest("a"): "train", digest("b"): "val", digest("c"): "test"}).seen()
    assert seen.parts(data(["a", "b", "c"])).tolist() == ["seen", "seen", ""]
    assert not seen.of(data(["a", "b", "c"])).any()
    assert merged([seen, Learnt({digest("a"): "val"})]).of(data(["a", "b"])).tolist() == [True, False]


def test_names_count_only_where_the_data_are_the_same_by_name(tmp_path):
    (tmp_path / DIVISION).write_text("name,label,part\n" + "".join(f"a/{i},a,train\n" for i in range(10)))
    known = learnt(tmp_path)
    assert not known.complete
    same = [f"a/{i}" for i in range(9)]
    assert known.among(same).of(data(["x"] * 9, same)).all()
    more = [f"a/{i}" for i in range(10, 40)] + same
    assert not known.among(more).of(data(["x"] * 39, more)).any() and not known.among(more).complete
    for others, counted in ((10, True), (11, False)):  # half of all names are in both, and fewer
        names = [f"a/{i}" for i in range(10 + others)]
        assert known.among(names).of(data(["x"] * len(names), names)).any() == counted


def test_nothing_is_known_where_nothing_is_kept(tmp_path):
    assert not learnt(tmp_path) and not learnt("torchvision:resnet18")
    assert learnt(tmp_path).complete


@pytest.mark.parametrize(
    "text", ["nonsense\n", "digest,part\nabc\n", "digest,part\nabc,holdout\n", "\ufffd\n", "", f"digest,part\nzz{digest('a')},train\n"]
)
def test_a_damaged_table_is_named(tmp_path, text):
    (tmp_path / ANCESTORS).write_text(text)
    with pytest.raises(ClearsightError, match=r"ancestors\.csv is damaged"):
        learnt(tmp_path)


@pytest.mark.parametrize("file", [DIVISION, ANCESTORS])
def test_a_table_of_bytes_is_named(tmp_path, file):
    (tmp_path / file).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ClearsightError, match=file):
        learnt(tmp_path)


def test_of_pictures_without_digests_only_names_tell():
    unknown = replace(data(["a", "b"], ["x", "y"]), digests=None)
    assert Learnt({digest("a"): "train"}).parts(unknown).tolist() == ["", ""]
    assert Learnt({digest("a"): "train"}, {"y": "val"}).parts(unknown).tolist() == ["", "val"]
    assert Learnt({}, {"y": "val"}).parts(data(["a", "b"], ["x", "y"])).tolist() == ["", "val"]
