"""Pictures are left out by a list or because they cannot be read; a name that fits no picture stops."""

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.open import open_dataset


@pytest.fixture
def pets(tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for i in range(3):
            Image.fromarray(np.full((4, 4), 40 * i, dtype=np.uint8)).save(tmp_path / "pets" / label / f"{i}.png")
    return tmp_path / "pets"


def names(parts):
    return [str(name) for data in parts.parts.values() for name in data.names]


@pytest.mark.parametrize(
    "text",
    [
        "cat/1.png\ndog/2.png\n",
        "\ufeffdog/2.png\r\n\r\n cat/1.png",
        "rank,name,p\n1,cat/1.png,0.1\n2,dog/2.png,0.2\n",
        "source\n{0}/cat/1.png\n{0}/dog/2.png",
    ],
)
def test_a_list_of_names(pets, tmp_path, text):
    (tmp_path / "out.txt").write_text(text.format(pets), encoding="utf-8")
    parts = open_dataset(pets, leave_out=str(tmp_path / "out.txt"))
    assert names(parts) == ["cat/0.png", "cat/2.png", "dog/0.png", "dog/1.png"]
    assert f"--leave-out {tmp_path}/out.txt: 2 pictures left out: cat/1.png, dog/2.png" in parts.notes


def test_what_cannot_be_read(pets):
    (pets / "cat" / "3.png").touch()
    (pets / "dog" / "4.jpg").write_bytes(b"\xff\xd8\xff but no picture")
    (pets / "dog" / "0.png").write_bytes((pets / "dog" / "1.png").read_bytes()[:-20])
    parts = open_dataset(pets, leave_out="unreadable")
    assert names(parts) == ["cat/0.png", "cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"]
    assert "--leave-out unreadable: 3 pictures left out: cat/3.png, dog/0.png, dog/4.jpg" in parts.notes
    again = open_dataset(parts, leave_out="unreadable")
    assert names(again) == names(parts) and "no picture is among them" in again.notes[-1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cat/7.png\n", r"lists 1 names that are no pictures of pets: 'cat/7\.png'\. Write names as clearsight check prints them"),
        ("cat/0.png\ncat/1.png\ncat/2.png\n", "leaves no picture of 'cat'"),
    ],
)
def test_a_list_that_does_not_fit_stops(pets, tmp_path, text, reason):
    (tmp_path / "out.txt").write_text(text)
    with pytest.raises(ClearsightError, match=reason):
        open_dataset(pets, leave_out=str(tmp_path / "out.txt"))
    with pytest.raises(UsageError, match="--leave-out takes unreadable, or a file"):
        open_dataset(pets, leave_out="nowhere.txt")
