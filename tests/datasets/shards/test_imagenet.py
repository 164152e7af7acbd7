"""ImageNet's published layout, rebuilt small: a tar of tars, numbers that are not the order of the synsets, a packed devkit."""

import io
import tarfile

import numpy as np
import pytest
from scipy.io import savemat

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.open import open_dataset
from clearsight.datasets.shards import imagenet
from clearsight.datasets.shards.imagenet import DEVKITS, KNOWN, TRAIN, TRUTH, VAL, devkit

from .tars import add, picture, tar

SYNSETS = {490: "n01751748", 3: "n09193705", 1: "n02105855", 700: "n04263257", 2: "n03125729"}  # the first is 490 in the devkit too


def meta(synsets=SYNSETS):
    kind = [("ILSVRC2012_ID", object), ("WNID", object), ("words", object), ("gloss", object), ("num_children", object)]
    rows = [(number, synset, "sea snake", "", 0) for number, synset in synsets.items()] + [(1001, "n00001740", "entity", "", 2)]
    stream = io.BytesIO()
    savemat(stream, {"synsets": np.array(rows, dtype=kind)})
    return stream.getvalue()


def kit(folder, truth, name=DEVKITS[0], synsets=SYNSETS):
    folder.mkdir(exist_ok=True)
    with tarfile.open(folder / name, "w:gz") as archive:
        add(archive, "ILSVRC2012_devkit_t12/data/meta.mat", meta(synsets))
        add(archive, f"ILSVRC2012_devkit_t12/data/{TRUTH}", "".join(f"{number}\n" for number in truth).encode())
    return folder


@pytest.fixture
def published(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    folder = kit(tmp_path / "ilsvrc", [490, 3, 1, 700, 2, 490])
    inner = {}
    for k, synset in enumerate(SYNSETS.values()):
        inner[f"{synset}.tar"] = tar(tmp_path / "inner.tar", {f"{synset}_{i}.JPEG": picture(10 * k + i) for i in range(3)}).read_bytes()
    tar(folder / TRAIN, inner)
    tar(folder / VAL, {f"ILSVRC2012_val_{i:08d}.JPEG": picture(100 + i) for i in (2, 1, 3, 4, 5, 6)})
    return folder


def test_known_pictures_have_known_labels(published):
    data = open_dataset(published)
    assert data.classes == tuple(sorted(SYNSETS.values()))
    val = data["val"]
    labels = {name.removeprefix(f"{VAL}/ILSVRC2012_val_"): val.label(i) for i, name in enumerate(val.names)}
    assert {f"{number:08d}.JPEG": synset for number, synset in KNOWN.items()}.items() <= labels.items()
    train = data["train"]
    assert [train.label(i) in str(train.names[i]) for i in range(15)] == [True] * 15
    assert train.names[0] == f"{TRAIN}/n01751748/n01751748_0.JPEG"
    assert train.source(4).read() == picture(11)
    assert data.notes == ("train has 15 pictures, the published one 1,281,167", "val has 6 pictures, the published one 50,000")


def test_the_validation_file_alone_and_names_of_classes(published):
    data = open_dataset(published / VAL, classes=["sea snake", "b", "c", "d", "e"])
    assert list(data.parts) == ["val"]
    assert data["val"].label(1) == "sea snake"
    with pytest.raises(UsageError, match="5 different names, in the order of the synsets"):
        open_dataset(published, classes=["a"])


def test_labels_are_never_guessed(published):
    (published / DEVKITS[0]).unlink()
    with pytest.raises(UsageError, match="needs the labels of the validation pictures"):
        open_dataset(published)
    kit(published, [490, 3])
    with pytest.raises(ClearsightError, match="4 pictures have no line"):
        open_dataset(published)
    for broken in (b"", b"no archive", b"\x1f\x8b" + bytes(50)):
        (published / DEVKITS[0]).write_bytes(broken)
        with pytest.raises(ClearsightError, match=r"cannot read meta\.mat"):
            open_dataset(published)


def test_an_unpacked_devkit_is_read(published):
    with tarfile.open(published / DEVKITS[0]) as archive:
        archive.extractall(published, filter="data")
    (published / DEVKITS[0]).unlink()
    assert len(devkit(published).truth) == 6


def test_a_devkit_of_other_numbers_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(imagenet, "PUBLISHED", {"train": 0, "val": 10})
    monkeypatch.setattr(imagenet, "EACH", 2)
    whole = [490, 3, 1, 700, 2] * 2
    assert devkit(kit(tmp_path / "a", whole)).truth[0] == "n01751748"
    with pytest.raises(ClearsightError, match="picture 00000001 is n02105855, not n01751748"):
        devkit(kit(tmp_path / "b", [1, 3, 490, 700, 2] * 2))
    with pytest.raises(ClearsightError, match="classes have not 2 pictures each"):
        devkit(kit(tmp_path / "c", [490, 3, 1, 700, 2, 490, 490, 490, 490, 490]))


@pytest.mark.parametrize("number", range(1, 6))
def test_each_known_label_is_held_against_a_whole_ground_truth(number, monkeypatch, tmp_path):
    synsets = list(SYNSETS.values())
    truth = synsets + [synset for synset in synsets for _ in range(49)]
    monkeypatch.setitem(imagenet.PUBLISHED, "val", 250)
    imagenet._prove(tuple(truth), tmp_path)
    other = next(place for place in range(5, 250) if truth[place] != truth[number - 1])
    truth[number - 1], truth[other] = truth[other], truth[number - 1]
    with pytest.raises(ClearsightError, match=f"picture {number:08d} is {truth[number - 1]}, not {synsets[number - 1]}"):
        imagenet._prove(tuple(truth), tmp_path)
    imagenet._prove(tuple(truth[:249]), tmp_path)  # a part of the set proves nothing


def test_classes_are_those_that_have_validation_pictures(published, tmp_path):
    folder = kit(tmp_path / "few", [490, 3, 490])
    tar(folder / VAL, {f"ILSVRC2012_val_{i:08d}.JPEG": picture(100 + i) for i in (1, 2, 3)})
    data = open_dataset(folder / VAL)
    assert data.classes == ("n01751748", "n09193705") and data["val"].labels.tolist() == [0, 1, 0]
