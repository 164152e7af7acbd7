import pickle
import struct
import zipfile

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.open import open_dataset

GREY = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
LABELS = np.array([4, 7, 4, 7, 10, 10])


@pytest.mark.parametrize("pictures", [GREY, COLOUR, list(GREY)])
@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (LABELS, ("4", "7", "10")),
        (LABELS[:, None].astype(np.uint8), ("4", "7", "10")),
        (["b", "a", "b", " a", "b", "a"], ("a", "b")),
        (np.array([b"x", b"y"] * 3), ("x", "y")),
    ],
)
def test_pictures_and_labels(pictures, labels, classes):
    parts = open_dataset((pictures, labels))
    every = parts.parts["all"]
    assert parts.classes == classes
    assert list(every.names) == ["0", "1", "2", "3", "4", "5"]
    np.testing.assert_array_equal(every.pictures, np.asarray(pictures))
    assert [every.label(i) for i in range(6)] == [x.decode() if isinstance(x, bytes) else str(x).strip() for x in np.ravel(labels).tolist()]


def test_a_pair_of_pairs_is_train_and_test():
    parts = open_dataset(((GREY, LABELS), (GREY[:2], LABELS[:2])))
    assert {part: len(every) for part, every in parts.parts.items()} == {"train": 6, "test": 2}
    assert list(parts.parts["test"].names) == ["test/0", "test/1"]


def test_a_split_is_read_by_its_name():
    data = open_dataset(((GREY, LABELS), (GREY[:2], LABELS[:2])))
    assert data["test"] is data.parts["test"] and len(data["train"]) == 6
    with pytest.raises(UsageError, match=r"no split is called 'tset'\. Did you mean test"):
        _ = data["tset"]


def test_tensors():
    torch = pytest.importorskip("torch")
    parts = open_dataset((torch.from_numpy(GREY), torch.tensor([0, 1] * 3)), classes=("off", "on"))
    assert parts.parts["all"].label(1) == "on"


def test_classes_name_whole_numbers():
    parts = open_dataset((GREY, [0, 1, 0, 1, 0, 1]), classes=["cat", "dog", "owl"])
    assert parts.classes == ("cat", "dog", "owl")
    assert parts.parts["all"].counts().tolist() == [3, 3, 0]
    assert parts.notes == ("classes without a picture: owl",)
    assert open_dataset((GREY, ["dog", "cat"] * 3), classes=["dog", "cat"]).parts["all"].labels.tolist() == [0, 1] * 3


def test_channels_first_and_one_hot_labels_are_read():
    every = open_dataset((COLOUR.transpose(0, 3, 1, 2), np.eye(6))).parts["all"]
    assert np.array_equal(every.pictures, COLOUR) and every.labels.tolist() == list(range(6))
    grey = open_dataset((GREY[:, None], range(6))).parts["all"].pictures
    assert np.array_equal(grey, GREY[..., None])
    narrow = np.arange(6 * 3 * 8, dtype=np.uint8).reshape(6, 3, 8, 1)  # three rows of one channel, and not three channels
    assert np.array_equal(open_dataset((narrow, range(6))).parts["all"].pictures, narrow)
    with pytest.raises(ClearsightError, match="the shape of labels"):  # several labels of a picture
        open_dataset((GREY, np.ones((6, 2), np.uint8)))


@pytest.mark.parametrize("keys", [("X", "y"), ("IMAGES", "Labels"), ("Data", "Target"), ("X_train", "Y_train")])
def test_the_keys_of_an_npz_in_any_case(tmp_path, keys):
    np.savez(tmp_path / "a.npz", **dict(zip(keys, (GREY, LABELS), strict=True)))
    (every,) = open_dataset(tmp_path / "a.npz").parts.values()
    assert np.array_equal(every.pictures, GREY)


@pytest.mark.parametrize(
    ("data", "classes", "reason"),
    [
        ((GREY[0], LABELS), None, "the shape of pictures must be"),
        ((np.zeros((6, 12, 32, 32), np.uint8), LABELS), None, "seem to have their channels first"),
        ((GREY, LABELS[:5]), None, "must be as many, and at least one. Got 6 and 5"),
        ((GREY[:0], LABELS[:0]), None, "at least one. Got 0 and 0"),
        ((GREY, np.eye(6) * 2), None, r"the shape of labels must be \(N,\)"),
        ((GREY, LABELS / 2), None, "labels must be whole numbers or class names. Got dtype"),
        ((GREY, ["a", "b", "", "a", "b", "a"]), None, "whole numbers or class names"),
        ((GREY, LABELS), ["a", "b"], "labels must be 0 to 1, an index into the 2 classes. Got '4 to 10'"),
        ((GREY, ["a", "b", "c"] * 2), ["a", "b"], "labels that are not in classes: 'c'"),
        ((GREY, [0, 1] * 3), ["a", " a"], "classes must be distinct names"),
        ((GREY, [0, 1] * 3), ["a", " "], "distinct names, none of them blank"),
        ((GREY, [0, -1] * 3), ["a", "b"], "labels must be 0 to 1, .* Got '-1 to 0'"),
        ((GREY * np.nan, LABELS), None, "are not numbers"),
        ((GREY, LABELS * np.nan), None, "whole numbers or class names"),
        ((GREY, [True, False] * 3), None, "whole numbers or class names"),
        ((GREY, [None, "a"] * 3), None, "whole numbers or class names"),
        ((GREY, [[0], [1, 2]] * 3), None, "labels must be one array, all of one shape"),
        (([*GREY[:5], COLOUR[0]], LABELS), None, "pictures must be one array, all of one shape; .* into a folder"),
        (([GREY[0], GREY[0, 1:]], [0, 1]), None, "pictures must be one array"),
        ((np.array([1, None] * 3, dtype=object), LABELS), None, "must be uint8, 0 to 255, or numbers of another type. Got dtype\\('O'\\)"),
        (((GREY, [0, 1] * 3), (GREY, [0, 2] * 3)), None, "the test part has a class that the train part lacks: '2'"),
    ],
)
def test_what_is_wrong_is_named(data, classes, reason):
    with pytest.raises(ClearsightError, match=reason):
        open_dataset(data, classes=classes)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    ("names", "parts"),
    [
        ({"images": 6, "labels": 6}, {"all": 6}),
        ({"x": 6, "y": 6}, {"all": 6}),
        ({"x_train": 6, "y_train": 6, "x_test": 3, "y_test": 3}, {"train": 6, "test": 3}),
        ({"train_images": 6, "train_labels": 6, "val_images": 3, "val_labels": 3, "extra": 1}, {"train": 6, "val": 3}),
    ],
)
def test_npz(tmp_path, save, names, parts):
    arrays = {key: (GREY if "im" in key or key[0] == "x" else LABELS)[:n] for key, n in names.items()}
    save(tmp_path / "data.npz", **arrays)
    read = open_dataset(tmp_path / "data.npz")
    assert {part: len(every) for part, every in read.parts.items()} == parts
    assert read.name == "data"


def test_npz_with_class_names(tmp_path):
    np.savez(tmp_path / "data.npz", images=GREY, labels=[0, 1] * 3, classes=["kitten", "puppy"])
    assert open_dataset(tmp_path / "data.npz").classes == ("kitten", "puppy")
    np.savez(tmp_path / "bytes.npz", images=GREY, labels=[0, 1] * 3, classes=[b"kitten", b"puppy"])
    assert open_dataset(tmp_path / "bytes.npz").classes == ("kitten", "puppy")
    assert open_dataset(tmp_path / "data.npz", classes=["a", "b"]).classes == ("a", "b")


class Mischief:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"images": GREY}, "has images but no labels"),
        ({"y": LABELS}, "has y but no pictures"),
        ({"a": GREY}, "must hold images and labels.* It holds: a"),
        ({"images": GREY, "labels": np.array([Mischief()], dtype=object)}, "without pickled objects"),
        (b"", "cannot read"),
        (b"PK\x03\x04 not a zip", "cannot read"),
        (pickle.dumps(Mischief()), "cannot read"),
    ],
)
def test_a_bad_npz_is_named(tmp_path, content, reason):
    path = tmp_path / "data.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(ClearsightError, match=reason):
        open_dataset(path)


@pytest.mark.parametrize("shape", ["(1000000, 1000000, 4)", "(100000, 300, 300)", "(-1, 3, 3)", "(4,) * 9", "(True, 5, 4)"])
def test_an_npz_that_promises_what_it_does_not_hold_is_named(tmp_path, shape):
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(100))
        archive.writestr("labels.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(100))
    with pytest.raises(ClearsightError, match=r"cannot read|the shape of"):
        open_dataset(tmp_path / "data.npz")


def test_a_flipped_npz_is_refused_or_reads_the_same(tmp_path):
    np.savez(tmp_path / "whole.npz", images=GREY, labels=LABELS)
    content, draw, refused = (tmp_path / "whole.npz").read_bytes(), np.random.default_rng(0), 0
    for _ in range(400):
        damaged = bytearray(content)
        damaged[draw.integers(len(damaged))] ^= 1 << int(draw.integers(8))
        (tmp_path / "data.npz").write_bytes(damaged)
        try:
            every = open_dataset(tmp_path / "data.npz").parts["all"]
        except ClearsightError:
            refused += 1
        else:
            np.testing.assert_array_equal(every.pictures, GREY)
            assert [every.label(i) for i in range(6)] == [str(label) for label in LABELS]
    assert refused > 200


def test_a_cut_npz_is_named(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", images=GREY, labels=LABELS)
    content, refused = (tmp_path / "whole.npz").read_bytes(), []
    for cut in range(0, len(content), 37):
        (tmp_path / "data.npz").write_bytes(content[:cut] + bytes(40) + content[cut + 40 :])
        try:
            open_dataset(tmp_path / "data.npz")
        except ClearsightError as error:  # any other kind fails the test
            refused.append(str(error))
    assert len(refused) > 10 and all("data.npz" in line for line in refused)


class Items:
    """A dataset object with these items."""

    def __init__(self, *items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


@pytest.mark.parametrize("second", [(GREY[1], "b"), [GREY[1], "b"]])
def test_items_of_a_dataset_object(second):
    data = open_dataset(Items((GREY[0], "a"), second))["all"]
    assert np.array_equal(data.pictures, GREY[:2]) and [data.label(i) for i in range(2)] == ["a", "b"]


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (((GREY[0], "a"), (GREY[1],)), r"item 1 of a dataset object must be \(picture, class\)\. Got 'tuple'"),
        (((GREY[0], "a"), (GREY[1], "b", 3)), r"item 1 of a dataset object must be \(picture, class\)"),
        (((GREY[0], "a"), "ab"), r"item 1 of a dataset object must be \(picture, class\)\. Got 'str'"),
        (((GREY[0], "a"), (GREY[1, 1:], "b")), "have one size, or are paths. Got 2 sizes"),
        ((), "needs at least one picture"),
    ],
)
def test_what_is_wrong_with_items_is_named(items, reason):
    with pytest.raises(ClearsightError, match=reason):
        open_dataset(Items(*items))
