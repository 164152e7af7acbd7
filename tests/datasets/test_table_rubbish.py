"""Tables as programs and people write them: each gives the right rows, or one clear line that names the place."""

import os
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError
from clearsight.datasets.open import open_dataset


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p").mkdir()
    for i in range(6):
        Image.fromarray(np.full((4, 4), i, dtype=np.uint8)).save(tmp_path / "p" / f"{i}.png")
    return tmp_path


def opened(folder, content: str | bytes, name="t.csv"):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_dataset(folder / name)


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ('path,label\n"p/0.png","a ""b"", c"\np/1.png,x\n', ['a "b", c', "x"]),
        ('path,label,note\np/0.png,"a\nb","x\r\ny"\np/1.png,c,\n', ["a\nb", "c"]),
        ('"a,b","path","label"\nx,p/0.png,a\n', ["a"]),
        ('"a\nb",path,label\nx,p/0.png,a\n', ["a"]),
        ("path,label\rp/0.png,a\rp/1.png,b\r", ["a", "b"]),
        ("\n \n\npath,label\n\n,\np/0.png,a\n", ["a"]),
        (" PATH , Label \n p/0.png ,  a b \n", ["a b"]),
        ("path,label,,\np/0.png,a,,\np/1.png,b\n", ["a", "b"]),
        ("path;label\np/0.png;a,b\n", ["a,b"]),
        ("p/0.png,a\np/1.png,b\n", ["a", "b"]),
        ("path,label\np/0.png,a\n".encode("utf-8-sig"), ["a"]),
        ("path,label\np/0.png,é\n".encode("utf-16"), ["é"]),
        (b"\xfe\xff" + "path,label\np/0.png,é\n".encode("utf-16-be"), ["é"]),
        ("path,label\np/0.png,é\n".encode("utf-16-le"), ["é"]),
        ("path,label\np/0.png,é\n".encode("utf-32"), ["é"]),
        ("path,label\np/0.png,é\n".encode("latin-1"), ["é"]),
        ("path,label\np/0.png,Cat\np/1.png,cat\np/2.png, cat \np/3.png,CAT\n", ["Cat", "cat", "cat", "CAT"]),
        ("path,label\np/0.png,01\np/1.png,1\np/2.png,1.0\n", ["01", "1", "1.0"]),
        ("path,label\n./p/0.png,a\np//1.png,b\np/../p/2.png,c\n", ["a", "b", "c"]),
        ('path,label\np/0.png,"[/red]"\np/1.png,=cmd()\n', ["[/red]", "=cmd()"]),
    ],
)
def test_what_can_be_meant_is_read(folder, content, labels):
    every = opened(folder, content).parts["all"]
    assert [every.label(i) for i in range(len(every))] == labels
    assert list(every.names) == [f"p/{i}.png" for i in range(len(labels))]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"path,label\n" + b"p/0.png,a\n" * 2000 + b"p/1.png,\xff\n", r"line 2,002, byte 20,020 is not UTF-8 text \(0xff\)"),
        ("path,label\np/0.png,a\n".encode("utf-16") + b"x", "not UTF-16 text .*truncated"),
        ("path,label\np/0.png,a\0b\n", r"NUL in line 2"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not UTF-8 text"),
        (b"PK\x03\x04\x14\0\x06\0", "not UTF-8 text"),
        (b"\xef\xbb\xbf", "is empty"),
        (" \n\n", "is empty"),
        ("path,label,label\np/0.png,a,b\n", "several columns called 'label'"),
        ("path,label\np/0.png,a,b\n", "line 2: it has 3 cells and the header 2. Does one need quotation marks"),
        ('path,label\np/0.png,"a\n' + "p/1.png,b\n" * 20_000, "line 2: field larger than field limit .* quotation mark left open"),
        ('path,label\np/0.png,"a\n', "line 2: unexpected end of data"),
        ('path,label\np/0.png,"a"b\n', "line 2: "),
        (f"path,label,note\np/0.png,a,{'x' * 2_000_000}\n", "line 2: it is longer than 1,000,000 letters"),
        ("x" * 2_000_000, "line 1: it is longer"),
        ("path,label\np/0.png,\np/1.png, \np/2.png\n", "3 rows have no label, in line 2, 3, 4"),
        ("path,label\np/0.png,a\np/./0.png,b\n", "contradicts itself about p/0.png: line 2 says a, all and line 3 says b"),
        ("path,label\n{root}/p/0.png,a\np/0.png,b\n", "contradicts itself about p/0.png"),
        ("path,label\n../{name}/p/0.png,a\np/0.png,b\n", "contradicts itself about p/0.png"),
        ('path,label\n"p/0\n.png",a\n', r"1 of 1 files do not exist: p/0\\n.png \(line 2\)"),
        (f"path,label\n{'x' * 5000},a\n", "1 of 1 files do not exist"),
    ],
)
def test_what_cannot_is_said_in_one_line(folder, content, reason):
    if isinstance(content, str):
        content = content.replace("{root}", str(folder)).replace("{name}", folder.name)
    with pytest.raises(ClearsightError, match=reason) as caught:
        opened(folder, content)
    assert "\n" not in str(caught.value)


def test_labels_that_read_the_same_or_as_none_are_said(folder):
    notes = opened(folder, "path,label\np/0.png,01\np/1.png,1\np/2.png,nan\np/3.png,Cat\np/4.png,cat\n").notes
    assert notes == (
        "classes that read the same, kept apart: 01 and 1, Cat and cat",
        "a class is called 'nan'; if that means a missing label, take the pictures out",
    )


@pytest.mark.parametrize("path", ["{root}/p/0.png", "../{name}/p/0.png", "p/0.png"])
def test_one_file_has_one_name_however_it_is_written(folder, path):
    path = path.format(root=folder, name=folder.name)
    parts = opened(folder, f"path,label\n{path},a\np/1.png,b\np/0.png,a\n")
    assert list(parts.parts["all"].names) == ["p/0.png", "p/1.png"]
    assert "1 rows repeat an earlier one and are left out: line 4" in parts.notes


def test_files_outside_keep_their_paths(folder):
    (folder / "sub").mkdir()
    every = opened(folder, f"path,label\n../p/0.png,a\n{folder}/p/1.png,b\n", "sub/t.csv").parts["all"]
    assert list(every.names) == ["../p/0.png", f"{folder}/p/1.png"]
    assert all(every.source(i).is_file() for i in range(2))


def test_ten_thousand_classes(folder):
    for i in range(10_000):
        os.link(folder / "p" / "0.png", folder / f"{i}.png")
    parts = opened(folder, "path,label\n" + "".join(f"{i}.png,class {i}\n" for i in range(10_000)))
    assert len(parts.classes) == 10_000 and parts.parts["all"].counts().tolist() == [1] * 10_000
    assert parts.parts["all"].label(4711) == "class 4711"


def parquet(folder, columns, **options):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), folder / "t.parquet", **options)
    return open_dataset(folder / "t.parquet")


TWO = ["p/0.png", "p/1.png"]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [([1.0, 2.0], ("1", "2")), ([1.5, 2.0], ("1.5", "2")), ([True, False], ("False", "True")), ([b"a", b"\xff"], ("\\xff", "a"))],
)
def test_parquet_values_read_as_in_a_csv(folder, labels, classes):
    assert parquet(folder, {"path": TWO, "label": labels, "boxes": [[1, 2], []], "raw": [b"\xff", b""]}).classes == classes


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"path": TWO, "label": [1.0, float("nan")]}, "1 rows have no label, in line 2"),
        ({"path": ["p/0.png", None], "label": ["a", "b"]}, "1 rows have no path, in line 2"),
        ({"path": TWO, "label": [["a"], ["b"]]}, "line 1: a path, label, part or group must be text or a number, not a list"),
        ({"image": [{"path": "x"}], "label": [0]}, "must be text or a number, not a dict"),
        ({"picture_id": [77], "label": [0]}, "needs a path column"),
        ({"path": TWO[:0], "label": TWO[:0]}, "has no row"),
    ],
)
def test_parquet_that_cannot_be_meant(folder, columns, reason):
    with pytest.raises(ClearsightError, match=reason):
        parquet(folder, columns)


def test_a_damaged_parquet_file_is_refused_or_reads_the_same(folder):
    names, labels = [f"p/{i}.png" for i in range(6)], list("ababab")
    parquet(folder, {"path": names, "label": labels}, write_page_checksum=True)
    content, draw, seen = (folder / "t.parquet").read_bytes(), np.random.default_rng(0), Counter()
    for i in range(300):
        damaged = bytearray(content)
        if i % 3:
            damaged[draw.integers(len(damaged))] ^= 1 << int(draw.integers(8))
        else:
            damaged = damaged[: draw.integers(len(damaged))]
        try:
            every = opened(folder, bytes(damaged), "t.parquet").parts["all"]
            assert [every.label(k) for k in range(len(every))] == labels and list(every.names) == names
            seen["same"] += 1
        except ClearsightError as error:
            seen["refused in one line" if "\n" not in str(error) else "refused at length"] += 1
    assert set(seen) <= {"same", "refused in one line"} and seen["refused in one line"] > 150
