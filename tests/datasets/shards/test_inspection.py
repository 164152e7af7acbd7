"""What `shards check` finds: damage, changes, copies, and shards in the order of the classes."""

import pytest

from clearsight.base.errors import UsageError
from clearsight.datasets.open import open_dataset
from clearsight.datasets.shards import writing
from clearsight.datasets.shards.inspection import ShardFacts, check_shards
from clearsight.datasets.shards.writing import pack

from ...pictures import digit_folder
from .tars import picture, samples, tar


@pytest.fixture
def packed(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(writing, "LEAST", 1000)
    pack(open_dataset(digit_folder(tmp_path / "digits", 6, 3)), tmp_path / "out", size=12_000, quiet=True)
    return tmp_path / "out"


def test_packed_shards_are_whole(packed):
    found = check_shards(packed, quiet=True)
    assert (found.problems, found.warnings, found.pictures) == ((), (), 18)
    assert found.headline() == f"out: 18 pictures of 3 classes in {len(found.shards)} shards, 0 problems, 0 warnings"
    assert found.to_json()["shards"][0]["name"] == "all-00000.tar"


def test_a_changed_a_missing_and_an_added_shard_are_named(packed):
    first, second = sorted(packed.glob("*.tar"))[:2]
    whole = bytearray(first.read_bytes())
    whole[-3000] ^= 1
    first.write_bytes(whole)
    second.unlink()
    tar(packed / "all-99999.tar", samples(0, 1))
    problems = check_shards(packed, quiet=True).problems
    assert any("all-00000.tar has other bytes than were packed" in line for line in problems)
    assert any("1 shards of shards.json are missing: all-00001.tar" in line for line in problems)
    assert any("all-99999.tar is not in shards.json" in line for line in problems)


def test_pictures_that_are_not_those_of_the_table_are_named(packed):
    (packed / "shards.json").unlink()
    path = packed / "all-00000.tar"
    data = open_dataset(path)["all"]
    whole = path.read_bytes()
    a, b = data.source(0), data.source(1)
    other = whole[: a.offset] + picture(7)[: a.length].ljust(a.length, b"\0") + whole[a.offset + a.length :]
    path.write_bytes(other)
    assert any("are not those that were packed: all-00000.tar/00000000.png" in line for line in check_shards(packed, quiet=True).problems)
    path.write_bytes(whole[: b.offset])
    assert any("is damaged or no tar file" in line for line in check_shards(packed, quiet=True).problems)


def test_copies_and_unreadable_pictures_are_counted(tmp_path, packed):
    tar(tmp_path / "a.tar", {**samples(0, 4), "x.png": picture(1), "x.cls": b"1", "y.png": b"no", "y.cls": b"0"})
    found = check_shards(tmp_path / "a.tar", quiet=True)
    assert found.duplicates == (("a.tar/000001.png", "a.tar/x.png"),)
    assert "1 pictures are there more than once" in found.warnings[0]
    assert "1 pictures cannot be read, the first: cannot read a.tar/y.png" in found.problems[0]
    assert [line.partition(":")[0] for line in found.findings()] == ["problem", "warning", "note"]


def test_shards_in_the_order_of_the_classes_are_noticed(tmp_path, packed):
    for number in range(4):
        files = {
            f"{i}.{kind}": picture(10 * number + i) if kind == "png" else str(number).encode() for i in range(6) for kind in ("png", "cls")
        }
        tar(tmp_path / "sorted" / f"{number}.tar", files)
    (line,) = check_shards(tmp_path / "sorted", quiet=True).warnings
    assert "in the order of the classes: 1.0 classes each, where mixed ones would have 3.3" in line


def test_a_folder_of_pictures_is_no_shard(tmp_path, packed):
    with pytest.raises(UsageError, match="digits is not a tar file"):
        check_shards(tmp_path / "digits", quiet=True)


def test_shards_with_problems_are_listed_with_their_bytes_and_nothing_that_was_not_read(packed):
    (packed / "all-00000.tar").write_bytes((packed / "all-00000.tar").read_bytes()[:-512])
    found = check_shards(packed, quiet=True)
    assert found.problems and found.shards == tuple(
        ShardFacts(path.name, 0, path.stat().st_size, 0) for path in sorted(packed.glob("*.tar"))
    )
    assert (found.pictures, found.classes, found.warnings, found.duplicates) == (0, 0, (), ())
