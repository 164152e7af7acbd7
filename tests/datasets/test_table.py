import builtins
from contextlib import nullcontext

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets import table as module
from clearsight.datasets.open import open_dataset
from clearsight.datasets.table import table_in
from clearsight.datasets.tables.text import Text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pics").mkdir()
    for i in range(6):
        Image.fromarray(np.full((4, 4), i, dtype=np.uint8)).save(tmp_path / "pics" / f"{i}.png")
    return tmp_path


def table(folder, text, name="data.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("path,label\npics/0.png,cat\npics/1.png,dog\n", "utf-8"),
        ("path,label\r\npics/0.png,cat\r\n\r\npics/1.png,dog", "utf-8-sig"),
        ("filename\tclass\npics/0.png\t cat \npics/1.png\tdog\n", "utf-16"),
        ('id;"File";"Target"\n7;"pics/0.png";"cat"\n8;pics/1.png;dog\n', "utf-8"),
        ("image|label|note\n./pics/0.png|cat|a,b\npics/../pics/1.png|dog|c\n", "utf-8"),
    ],
)
def test_every_usual_dialect(folder, text, encoding):
    parts = open_dataset(table(folder, text, encoding=encoding))
    every = parts.parts["all"]
    assert parts.classes == ("cat", "dog")
    assert list(every.names) == ["pics/0.png", "pics/1.png"]
    assert every.labels.tolist() == [0, 1]
    assert every.source(1) == folder / "pics/1.png"


def test_absolute_paths(folder):
    every = open_dataset(table(folder, f"path,label\n{folder}/pics/0.png,cat\n")).parts["all"]
    assert every.source(0) == folder / "pics/0.png"


def test_parts_and_groups(folder):
    rows = ("path,label,split,who,group", "0.png,1,train,ann,x", "1.png,10,Training,bob,y", "2.png,1,valid,ann,z", "3.png,10,test,cy,z")
    path = table(folder, "\npics/".join(rows))
    parts = open_dataset(path)
    assert parts.classes == ("1", "10")
    assert {part: len(every) for part, every in parts.parts.items()} == {"train": 2, "val": 1, "test": 1}
    assert list(parts.parts["train"].groups) == ["x", "y"]
    assert parts.notes == (
        "groups are the values of the column 'group'",
        "columns that are not used: 'who'",
        "1 groups lie in more than one of the data's own parts: z",
    )
    assert list(open_dataset(path, group_by="who").parts["train"].groups) == ["ann", "bob"]
    with pytest.raises(UsageError, match=r"no column of .* is called 'whom'. Did you mean who"):
        open_dataset(path, group_by="whom")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("path,label\n", "has no row below its header"),
        ("", "is empty"),
        (
            "label," + ",".join(f"pixel{i}" for i in range(64)) + "\n1" + ",0" * 64 + "\n",
            "in 64 columns such as 'pixel63'",
        ),
        ("1" + ",0" * 64 + "\n2" + ",0" * 64 + "\n", "has the values of pictures in 65 columns"),
        ("emotion,pixels,Usage\n0,70 80 82 72,Training\n", "has the values of pictures in the column 'pixels'"),
        ("name,label\nx,y\n", r"needs a path column \(path, filename.* It has: 'name', 'label'\. No column holds names of files"),
        ("path\nx\n", "needs a label column"),
        ("path,label\npics/0.png,cat\npics/1.png,\npics/2.png\n", "2 rows have no label, in line 3, 4"),
        ("path,label\n,cat\n", "1 rows have no path, in line 2"),
        ('path,label,x\npics/0.png,cat,"two\nlines"\n,dog,y\n', "no path, in line 4"),
        ("path,label,part\npics/0.png,cat,train\npics/1.png,cat,\n", "1 rows have no part, in line 3"),
        ("path,label,part\npics/0.png,cat,holdout\n", "line 2: the part 'holdout' is not one of"),
        (
            "path,label\npics/0.png,cat\npics/./0.png,dog\n",
            "contradicts itself about pics/0.png: line 2 says cat, all and line 3 says dog, all",
        ),
        ("path,label,part\npics/0.png,cat,train\npics/0.png,cat,test\n", "line 2 says cat, train and line 3 says cat, test"),
        ("path,label\npics/0.png,cat\npics/8.png,cat\npics,cat\n", r"2 of 3 files do not exist: pics/8.png \(line 3\), pics \(line 4\)"),
        ("path,label,part\npics/0.png,cat,train\npics/1.png,dog,val\n", "the val part has a class that the train part lacks: 'dog'"),
        ('path,label\n"pics/0.png"x,cat\n', "line 2: "),
    ],
)
def test_what_is_wrong_is_named(folder, rows, reason):
    with pytest.raises(ClearsightError, match=reason):
        open_dataset(table(folder, rows))


def test_text_of_another_encoding_is_read_with_a_note_or_named(folder):
    parts = open_dataset(table(folder, "path,label\npics/0.png,Bär\n", encoding="latin-1"))
    assert parts.classes == ("Bär",) and any("read as Windows-1252 (Latin-1), as in 'Bär'" in note for note in parts.notes)
    with pytest.raises(ClearsightError, match="line 2, byte 23 is not UTF-8 text"):
        open_dataset(table(folder, "path,label\npics/0.png,мышь\n", encoding="cp1251"))


def test_repeated_rows_and_empty_files_are_said(folder):
    (folder / "pics" / "void.png").touch()
    parts = open_dataset(table(folder, "path,label,part\npics/0.png,cat,\npics/0.png,cat,\npics/void.png,cat,\n"))
    assert list(parts.parts) == ["all"]
    assert list(parts.parts["all"].names) == ["pics/0.png", "pics/void.png"]
    assert "1 rows repeat an earlier one and are left out: line 3" in parts.notes
    assert "1 empty files (0 bytes), listed but unreadable: pics/void.png" in parts.notes


def test_parquet(folder):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"path": ["pics/0.png", "pics/1.png"], "label": [3, 12], "split": ["train", "train"]}
    parquet.write_table(pyarrow.table(columns), folder / "data.parquet")
    parts = open_dataset(folder / "data.parquet")
    assert parts.classes == ("3", "12")
    assert list(parts.parts["train"].names) == ["pics/0.png", "pics/1.png"]
    content = (folder / "data.parquet").read_bytes()
    (folder / "odd.parquet").write_bytes(content.replace(b"pics/1.png", b"pics/\xff.png"))
    with pytest.raises(ClearsightError, match=r"cannot read .*odd\.parquet: .*utf-8"):
        open_dataset(folder / "odd.parquet")
    (folder / "bad.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(ClearsightError, match=r"cannot read .*bad\.parquet"):
        open_dataset(folder / "bad.parquet")


def test_parquet_without_pyarrow_says_what_to_install(folder, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest, **more)

    (folder / "data.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ClearsightError, match=r"needs pyarrow: pip install 'clearsight\[parquet\]'"):
        open_dataset(folder / "data.parquet")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a.csv"], "a.csv"),
        (["a.csv", "b.tsv"], None),
        (["a.csv", "labels.csv"], "labels.csv"),
        (["a.csv", "train.csv"], "train.csv"),
        (["a.csv", "test.csv"], None),
        (["labels.csv", "train.csv"], None),
        (["a.csv", "sample_submission.csv"], "a.csv"),
        (["notes.txt", "x.jsonl"], "x.jsonl"),
        ([], None),
    ],
)
def test_the_one_table_of_a_folder(tmp_path, names, found):
    for name in names:
        (tmp_path / name).write_text("")
    assert table_in(tmp_path) == (found and tmp_path / found)


@pytest.mark.parametrize(
    ("header", "refused"),
    [
        ([f"pixel{i}" for i in range(49)], "49 columns such as 'pixel48'"),
        ([f"pixel{i}" for i in range(48)], ""),
        (["path", *(str(i) for i in range(48))], ""),
        (["emotion", "Pixels"], "the column 'Pixels'"),
        (["emotion", "pixels", "pixel1"], ""),
    ],
)
def test_a_table_of_values_is_refused(header, refused):
    with pytest.raises(ClearsightError, match=f"has the values of pictures in {refused}") if refused else nullcontext():
        module._refuse_values("t.csv", Text(header, []))
    if refused.startswith("49"):
        with pytest.raises(ClearsightError, match="has the values of pictures"):
            module._refuse_values("t.csv", Text([], [(1, header)]))
