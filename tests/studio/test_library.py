"""Ids for what a page may ask for; paths stay inside."""

import json
import os
from pathlib import Path

import pytest

from clearsight.models import names
from clearsight.studio import library
from clearsight.studio.library import Library, found, network, registry
from clearsight.studio.runs import Unknown


def test_pictures_are_kept_by_content_and_name(tmp_path):
    kept = Library(tmp_path)
    one, same, renamed = kept.keep(b"abc", "a.png"), kept.keep(b"abc", "a.png"), kept.keep(b"abc", "../../b.png")
    assert one == same and one.id != renamed.id and one.file == renamed.file and one.file.read_bytes() == b"abc"
    assert one.file.parent == tmp_path and os.listdir(tmp_path) == [one.file.name]
    if os.name == "posix":
        assert one.file.stat().st_mode & 0o777 == 0o600
    kept.forget(one.id)
    assert renamed.file.exists()
    kept.forget(renamed.id)
    assert not renamed.file.exists()
    with pytest.raises(Unknown, match="drop it again"):
        kept.picture(one.id)


def test_the_oldest_pictures_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "KEPT_BYTES", 5)
    kept = Library(tmp_path)
    first, second = kept.keep(b"abc", "a"), kept.keep(b"abd", "b")
    assert list(kept.pictures) == [second.id] and not first.file.exists()


def test_a_network_is_described_by_its_file(tmp_path):
    top1 = {"value": 0.9, "low": 0.8, "high": 0.95}
    (tmp_path / "config.json").write_text(json.dumps({"classes": ["a", "b"], "facts": {"validation": {"top1": top1, "n": 40}}}))
    told = network(str(tmp_path))
    assert (told.classes, told.validation) == (2, {"top1": top1, "n": 40}) and told.id.startswith("m_") and str(tmp_path) not in told.id
    for broken in ("", "[]", '{"classes": 3, "facts": []}'):
        (tmp_path / "config.json").write_text(broken)
        assert (network(str(tmp_path)).classes, network(str(tmp_path)).validation) == (None, None)
    assert network("resnet18").name == "resnet18"
    with pytest.raises(Unknown, match="clearsight studio MODEL"):
        Library(tmp_path).network("m_0")


def test_the_registry_is_known_by_id_without_torch(tmp_path):
    assert [one.words for one in registry().values()] == names()
    one = next(iter(registry().values()))
    assert Library(tmp_path).network(one.id) == one == network(one.name)
    named = Library(tmp_path, networks={one.id: network(one.name)})
    assert named.network(one.id) is named.networks[one.id]


def test_runs_here_are_found_newest_first(tmp_path, monkeypatch):
    for age, name in enumerate(("old", "new")):
        run = tmp_path / "runs" / name
        run.mkdir(parents=True)
        (run / "config.json").write_text("{}")
        os.utime(run / "config.json", (age, age))
    (tmp_path / "runs" / "unfinished").mkdir()
    monkeypatch.chdir(tmp_path)
    assert found([], Path("runs")) == [os.path.join("runs", "new"), os.path.join("runs", "old")]
    assert found(["lenet5"], Path("runs")) == ["lenet5"]


def test_a_folder_of_runs_is_known_by_them(tmp_path):
    (tmp_path / "far" / "one").mkdir(parents=True)
    assert not library.is_runs(str(tmp_path / "far")) and not library.is_runs("resnet18")
    (tmp_path / "far" / "one" / "run.json").write_text("{}")
    assert library.is_runs(str(tmp_path / "far")) and not library.is_runs(str(tmp_path / "far" / "one"))
    assert not library.is_data(str(tmp_path / "far"))


def test_words_mean_a_data_set_where_a_reader_knows_them_and_no_network_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    words = ("digits", "photos", "pictures", "run", "lenet5", "torchvision:resnet50")
    assert [one for one in words if library.is_data(one)] == ["digits", "photos", "pictures"]
    told = library.data(str(tmp_path / "pictures"))
    assert told.name == "pictures" and told.id.startswith("d_") and str(tmp_path) not in told.id
    assert Library(tmp_path, data={told.id: told}).dataset(told.id) is told
    with pytest.raises(Unknown, match="clearsight studio DATA"):
        Library(tmp_path).dataset("d_0")


def test_a_run_that_has_finished_since_is_taken_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    library = Library(tmp_path)
    folder = tmp_path / "runs" / "new"
    folder.mkdir(parents=True)
    id = network("runs/new").id
    with pytest.raises(Unknown):
        library.network(id)
    (folder / "config.json").write_text('{"classes": ["a", "b"]}')
    assert library.network(id).classes == 2


def test_the_data_of_a_run_are_opened_only_without_the_network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept, run = Library(tmp_path), tmp_path / "run"
    (tmp_path / "photos here").mkdir()
    run.mkdir()
    kept.data = {one.id: one for one in [library.data("photos here")]}
    for words, wanted in (("digits", "digits"), ("set:photos", "set:photos"), (str(tmp_path / "photos here"), "photos here")):
        (run / "run.json").write_text(json.dumps({"data": words}))
        assert kept.data_of(run).words == wanted and kept.dataset(kept.data_of(run).id).words == wanted
    assert {one.words for one in kept.judged.values()} == {"digits", "set:photos"}  # those that the studio was not started with
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("clearsight.datasets.named.FASHION_PACKAGE", tmp_path / "empty")
    for words in ("s3://bucket/x", "https://a/b.tar", "fashion-mnist", str(tmp_path / "gone"), "", 3, None):
        (run / "run.json").write_text(json.dumps({"data": words}))
        with pytest.raises(Unknown):
            kept.data_of(run)
