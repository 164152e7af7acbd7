"""The manifest: what words mean, and what is refused."""

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.remote import store
from clearsight.batch import plan as module
from clearsight.batch.plan import plan


@pytest.fixture
def folder(tmp_path):
    for name in ("b/2.tar", "a.tar", "x/1.png", "x/2.jpg", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode() * 200)
    return tmp_path


def test_shards_and_loose_pictures_of_a_folder(folder, monkeypatch):
    notes = []
    tasks = plan([str(folder)], notes)
    assert [task.shard.address for task in tasks] == [str(folder / "a.tar"), str(folder / "b" / "2.tar"), str(folder)]
    assert tasks[2].files == ("x/1.png", "x/2.jpg") and tasks[2].shard.size == 2800
    assert notes == ["1 files that are no pictures left out: 1 .md"], "shards are not among them"
    before = tasks[2].key
    (folder / "x" / "1.png").write_bytes(b"changed")
    assert plan([str(folder)], [])[2].key != before
    monkeypatch.setattr(module, "FILES", 1)
    assert [task.files for task in plan([str(folder / "x")], [])] == [("1.png",), ("2.jpg",)]


def test_files_and_patterns(folder):
    tasks = plan([str(folder / "*.tar"), str(folder / "x" / "1.png")], [])
    assert [(task.shard.address, task.files) for task in tasks] == [
        (str(folder / "a.tar"), ()),
        (".", (str(folder / "x" / "1.png"),)),
    ]


def test_an_address_has_the_same_tasks(folder, s3):
    for path in folder.rglob("*"):
        if path.is_file():
            store.write(f"{s3.folder}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    notes = []
    tasks = plan([s3.folder], notes)
    assert [task.shard.address for task in tasks] == [f"{s3.folder}/a.tar", f"{s3.folder}/b/2.tar", f"{s3.folder}/x"]
    assert tasks[2].files == ("1.png", "2.jpg") and "1 files are neither shards nor pictures" in notes[0]
    assert plan([f"{s3.folder}/*.tar"], []) == tasks[:1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.tar", "a.tar"], "named twice"),
        (["none.tar"], "cannot read .*none.tar"),
        (["none"], "there is no file or folder"),
        (["b.tar.gz"], "compressed, so that no picture in it can be reached without those before"),
        (["empty"], r"no shard \(.tar\) and no picture in"),
    ],
)
def test_what_is_refused(folder, words, said):
    (folder / "empty").mkdir()
    (folder / "b.tar.gz").write_bytes(b"")
    with pytest.raises(ClearsightError, match=said):
        plan([str(folder / word) for word in words], [])


def test_an_address_without_files_is_refused(s3):
    with pytest.raises(ClearsightError, match="there is no file at"):
        plan([f"{s3.folder}/*.tar"], [])
