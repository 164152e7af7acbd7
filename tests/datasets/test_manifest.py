"""Manifests: parts restored by name and content."""

from dataclasses import replace

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.datasets.manifest import apply_manifest, manifest, read_manifest
from clearsight.datasets.split import split


def data(labels, groups=None, part="all"):
    labels = np.asarray(labels, dtype=np.int64)
    classes = tuple(f"class {k}" for k in range(int(labels.max()) + 1))
    names = objects(f"{part}/{i}" for i in range(len(labels)))
    pictures = np.zeros((len(labels), 2, 2), dtype=np.uint8)
    return Dataset(classes, labels, names, pictures=pictures, groups=None if groups is None else objects(map(str, groups)))


def unsplit(labels, groups=None):
    every = data(labels, groups)
    return Parts("made", every.classes, {"all": every})


def names(parts):
    return {part: list(dataset.names) for part, dataset in parts.parts.items()}


def test_a_manifest_gives_the_same_parts_again():
    parts = unsplit(np.arange(60) % 3)
    made = split(parts, seed=5)
    text = manifest(made)
    assert text.startswith("name,label,part,digest,group\nall/")
    assert names(apply_manifest(parts, text)) == names(made)
    assert names(apply_manifest(made, text)) == names(made)


def test_a_manifest_keeps_odd_names(tmp_path):
    every = replace(data([0, 1]), names=objects(['a, "b"\nc.png', "ü.png"]))
    parts = Parts("odd", every.classes, {"all": every})
    assert names(apply_manifest(parts, manifest(parts))) == names(parts)


def test_other_pictures_than_the_manifests_are_named():
    parts = unsplit([0, 1, 0, 1])
    text = manifest(parts)
    fewer = Parts("made", parts.classes, {"all": parts.parts["all"].subset([0, 1, 2])})
    with pytest.raises(ClearsightError, match=r"1 missing now \(all/3\)"):
        apply_manifest(fewer, text)
    with pytest.raises(ClearsightError, match=r"1 not in the manifest \(all/3\)"):
        apply_manifest(parts, manifest(fewer))
    with pytest.raises(ClearsightError, match=r"1 labelled otherwise now \(all/1\)"):
        apply_manifest(parts, text.replace("all/1,class 1", "all/1,class 0"))
    with pytest.raises(ClearsightError, match=r"1 twice in the manifest \(all/1\)"):
        apply_manifest(parts, text + "all/1,class 1,all,,\n")
    for bad in ("", "a,b\n", "name,label,part\nx,y\n", "name,label,part\nall/0,class 0,holdout\n"):
        with pytest.raises(ClearsightError, match="this is no manifest"):
            apply_manifest(parts, bad)
    with pytest.raises(ClearsightError, match="a digest is 32 hexadecimal digits, not 'abc'"):
        apply_manifest(parts, text.replace(",,\n", ",abc,\n", 1))


def test_a_manifest_does_not_mix_the_datas_own_parts():
    train, test = data([0, 1], part="train"), data([0, 1], part="test")
    parts = Parts("made", train.classes, {"train": train, "test": test})
    with pytest.raises(ClearsightError, match="train part mixes pictures of the data's own parts test, train"):
        apply_manifest(parts, manifest(parts).replace(",test,", ",train,"))


def with_copies(labels, same):
    """`unsplit(labels)` with digests, pictures of one group of `same` having one digest."""
    parts = unsplit(labels)
    digests = [f"{i:032x}" for i in range(len(labels))]
    for group in same:
        for i in group:
            digests[i] = digests[group[0]]
    return Parts(parts.name, parts.classes, {"all": replace(parts.parts["all"], digests=np.array(digests, "S32"))})


def test_a_manifest_notices_other_content():
    parts = with_copies(np.arange(6) % 2, [])
    text = manifest(parts)
    data = parts.parts["all"]
    other = replace(data, digests=np.where(np.arange(6) == 4, np.array(b"0" * 32), data.digests))
    with pytest.raises(ClearsightError, match=r"1 with other content now \(all/4\)"):
        apply_manifest(Parts("made", data.classes, {"all": other}), text)
    old = "\n".join(",".join(line.split(",")[:3]) for line in text.splitlines()) + "\n"
    assert names(apply_manifest(parts, old)) == names(parts)


@pytest.mark.parametrize("wrong", ["0" * 31, "0" * 33, "g" * 32, "A" * 32])
def test_a_digest_that_is_none_is_named(wrong):
    text = f"name,label,part,digest,group\na,x,train,{'0' * 32},\nb,x,train,,\nc,x,train,{wrong},\n"
    with pytest.raises(ClearsightError, match=f"a digest is 32 hexadecimal digits, not '{wrong}'"):
        read_manifest(text)


def test_an_older_manifest_has_no_digests_and_no_groups():
    assert read_manifest("name,label,part\na,x,all\n") == [{"name": "a", "label": "x", "part": "all", "digest": "", "group": ""}]
