"""Facts of files in the cache: found while the file is as it was, and never for another file, another setting or from a damaged cache."""

import os
import shutil
import stat
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import UsageError
from clearsight.base.files import cache_folder
from clearsight.datasets import fingerprint, survey
from clearsight.datasets.check import check
from clearsight.datasets.dataset import Dataset, objects
from clearsight.datasets.facts import SIZE, Files, files, files_of, keep, keep_pieces, kept_at, recalled
from clearsight.datasets.open import open_dataset
from clearsight.datasets.shards.names import packed
from clearsight.datasets.shards.open import SPANS
from clearsight.datasets.shards.reading import Shard

ROW = np.dtype([("key", f"S{SIZE}"), ("value", "<i4")])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    draw = np.random.default_rng(0)
    for i in range(24):
        path = tmp_path / "data" / ("train" if i < 16 else "test") / "ab"[i % 2] / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (20, 24, 3) if i % 3 else (200, 180)  # both sides of the size up to which pictures are held together
        Image.fromarray(draw.integers(0, 256, shape, dtype=np.uint8)).save(path)
    shutil.copy(tmp_path / "data/train/a/02.png", tmp_path / "data/test/a/copy.png")
    Image.fromarray(draw.integers(0, 4000, (30, 30), dtype=np.uint16)).save(tmp_path / "data/train/b/deep.png")
    (tmp_path / "data/test/b/broken.png").write_bytes(b"\x89PNG")
    return tmp_path / "data"


def looked(folder, **settings):
    return check(open_dataset(folder), quiet=True, **settings).to_json()


def read(folder, monkeypatch, **settings):
    """The result, and the names of the files whose pictures were read for it."""
    names, examined = [], fingerprint.examined
    with monkeypatch.context() as patch:
        patch.setattr(fingerprint, "examined", lambda source, *rest: names.append(source.name) or examined(source, *rest))
        return looked(folder, **settings), sorted(names)


def test_a_second_check_reads_no_picture_but_the_broken_one_and_finds_the_same(folder, monkeypatch):
    first = looked(folder, cache="off")
    assert not (cache_folder() / "prints").exists()
    assert looked(folder) == first and len(first["leaks"]) == len(first["unreadable"]) == 1
    monkeypatch.setattr(survey, "looked", lambda source: pytest.fail(source.name) if source.name != "broken.png" else np.void)
    monkeypatch.setattr(fingerprint, "alike", lambda *_, **__: pytest.fail("compared again"))
    monkeypatch.setattr(survey, "_one", lambda source, _: survey.looked(source) and (False, 0, False, survey.NO_ENDS))
    assert read(folder, monkeypatch) == (first, ["broken.png"])


def test_files_that_changed_are_read_again_though_size_and_time_are_as_before(folder, monkeypatch):
    looked(folder)
    path = folder / "train" / "a" / "04.png"
    before, other = path.stat(), bytearray(path.read_bytes())
    shutil.copy(folder / "train" / "a" / "08.png", path)
    path.write_bytes(path.read_bytes()[: len(other)].ljust(len(other), b"\0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size and path.stat().st_mtime_ns == before.st_mtime_ns
    (folder / "test" / "a" / "10.png").unlink(missing_ok=True)
    Image.new("L", (9, 9), 7).save(folder / "test" / "b" / "new.png")
    result, names = read(folder, monkeypatch)
    assert names == ["04.png", "broken.png", "new.png"] and result == looked(folder, cache="off")


@pytest.mark.parametrize("settings", [{"channels": 1}, {"reading": fingerprint.Reading((0.0, 9000.0))}])
def test_another_way_of_reading_shares_nothing(folder, monkeypatch, settings):
    looked(folder)
    reading = settings.pop("reading", fingerprint.PLAIN)
    names, examined = [], fingerprint.examined
    monkeypatch.setattr(fingerprint, "examined", lambda source, *rest: names.append(source.name) or examined(source, *rest))
    check(open_dataset(folder), reading, quiet=True, **settings)
    assert len(names) == 27


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"", lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:]])
def test_a_damaged_cache_is_detected_and_made_again(folder, damage):
    first = looked(folder)
    kept = sorted((cache_folder() / "prints").iterdir())
    sound = [path.read_bytes() for path in kept]
    for path in kept:
        path.write_bytes(damage(path.read_bytes()))
    assert looked(folder) == first and [path.read_bytes() for path in kept] == sound


def test_the_cache_is_private_and_holds_no_picture(folder):
    looked(folder)
    kept = list((cache_folder() / "prints").iterdir())
    assert {path.suffix for path in kept} == {".prints", ".survey", ".alike"} and len(kept) == 4  # a survey of each part
    assert sum(path.stat().st_size for path in kept) < 27 * 500
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
        assert stat.S_IMODE((cache_folder() / "prints").stat().st_mode) == 0o700


def test_without_room_or_permission_nothing_is_kept_and_nothing_fails(folder, monkeypatch):
    first = looked(folder, cache="off")
    monkeypatch.setenv("CLEARSIGHT_CACHE_GB", "0")
    assert looked(folder) == first and not list((cache_folder() / "prints").iterdir())
    monkeypatch.delenv("CLEARSIGHT_CACHE_GB")
    shutil.rmtree(cache_folder())
    cache_folder().write_text("no folder")
    assert looked(folder) == first


def test_an_unknown_place_is_refused(folder):
    with pytest.raises(UsageError, match="cache"):
        looked(folder, cache="disc")


def test_rows_are_found_by_key_in_any_order(tmp_path):
    keys = np.array([b"a", b"b", b"c"], f"S{SIZE}")
    rows = np.zeros(3, ROW)
    rows["key"], rows["value"] = keys, (1, 2, 3)
    path = tmp_path / "cache" / "prints" / "x.y"
    keep(path, rows, b"1")
    found, known = recalled(path, np.array([b"c", b"", b"z", b"a"], f"S{SIZE}"), ROW, b"1")
    assert (found["value"].tolist(), known.tolist()) == ([3, 0, 0, 1], [True, False, False, True])
    assert not recalled(path, keys, ROW, b"2")[1].any()
    keep_pieces(path.with_name("in.pieces"), (rows[:1], rows[1:]), 3, ROW, b"1")
    assert path.with_name("in.pieces").read_bytes() == path.read_bytes()


def test_places_in_shards_are_not_held_all_at_once():
    n = 5_000
    data = Dataset(("a",), np.zeros(n, np.int64), packed(b"x\0" * n), spans=np.zeros(n, SPANS), shards=(Shard("/tars/a.tar", 9, "state"),))
    tracemalloc.start()
    found = files_of([data])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.keys) == n and peak < 80 * n + 50_000  # two columns of keys; the places would be 400 bytes each


def test_a_set_is_named_by_the_folder_that_all_its_files_share(tmp_path):
    paths = [f"{tmp_path}/a/{name}" for name in ("x", "b/y", "!", "b/z/1")]
    name = files(paths).name
    assert name == files(paths[::-1]).name == files(paths[:2]).name != files([f"{tmp_path}/b/x", f"{tmp_path}/b/y"]).name
    assert files([]).name == "" and kept_at("prints", name, "prints").name == f"{name}.prints"
    assert Files(np.empty(0, "S32")).part("test", slice(0, 0)).name == ""


def test_files_of_a_set_have_absolute_paths_and_arrays_none(tmp_path):
    (tmp_path / "x.png").write_bytes(b"1")
    labels, names = np.zeros(1, np.int64), objects(["x.png"])
    below = Dataset(("a",), labels, names, root=tmp_path, paths=names)
    array = Dataset(("a",), labels, names, pictures=np.zeros((1, 4, 4), np.uint8))
    expected = files([str(tmp_path / "x.png")]).keys.tolist()
    assert files_of([below]).keys.tolist() == expected
    assert files_of([array, below]).keys.tolist() == [b"", *expected]
