"""Lists without a header, separators, encodings."""

import json

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.table import read_table


def opened(folder, text, name="data.txt", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return read_table(folder / name)


def labels(parts):
    return [parts.parts["all"].label(i) for i in range(len(parts.parts["all"]))]


def test_the_first_line_of_excel_is_passed_over(folder):
    parts = opened(folder, "sep=;\r\npath;label\r\npics/0.png;a\r\npics/1.png;b,c\r\n", name="data.csv")
    assert labels(parts) == ["a", "b,c"]
    with pytest.raises(ClearsightError, match="1 rows have no label, in line 3"):
        opened(folder, 'sep=;\n"path";label\npics/0.png;\n', name="data.csv")


@pytest.mark.parametrize("text", ["", "\n \n", "sep=;\n"])
def test_an_empty_table_is_called_empty(folder, text):
    with pytest.raises(ClearsightError, match=r"data\.csv is empty\. A table has a first line such as path,label"):
        opened(folder, text, name="data.csv")


@pytest.mark.parametrize("mark", [",", "\t", ";", "|", " ", "   "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lists_without_a_header(folder, mark, encoding, end):
    parts = opened(folder, end.join(f"pics/{i}.png{mark}{i % 2}" for i in range(6)) + end, encoding=encoding)
    assert list(parts.parts["all"].names) == [f"pics/{i}.png" for i in range(6)]
    assert labels(parts) == ["0", "1"] * 3
    assert "a list without a header: column 1 the path, 2 the label" in parts.notes


@pytest.mark.parametrize(
    ("line", "names"),
    [("{i} pics/{i}.png {c}", 6), ("pics/{i} {c}", 6), ("/pics/{i}.png {c}", 6), ("{c} pics/{i}.png", 6), ("pics\\{i}.png\t{c}", 6)],
)
def test_lists_of_other_kinds(folder, line, names):
    parts = opened(folder, "\n".join(line.format(i=i, c=i % 2) for i in range(6)))
    assert labels(parts) == ["0", "1"] * 3 and len(parts.parts["all"]) == names


def test_a_path_with_blanks_in_a_list(folder):
    (folder / "pics").rename(folder / "my own pics")
    assert labels(opened(folder, "".join(f"my own pics/{i}.png {i % 2}\n" for i in range(6)))) == ["0", "1"] * 3


def test_paths_alone_are_labelled_by_their_folders(folder):
    (folder / "more").mkdir()
    for i in range(3):
        (folder / "pics" / f"{i}.png").rename(folder / "more" / f"{i}.png")
    paths = [f"{'more' if i < 3 else 'pics'}/{i}" for i in range(6)]
    parts = opened(folder, "\n".join(paths))
    assert labels(parts) == ["more"] * 3 + ["pics"] * 3
    assert "the label of a picture is the name of its folder" in parts.notes
    with pytest.raises(UsageError, match="needs a label column"):
        opened(folder, "pics/3.png\npics/4.png\n")


def test_json_lines(folder):
    rows = [json.dumps({"file_name": f"pics/{i}.png", "label": "ab"[i % 2], "boxes": [1, 2]}) for i in range(6)]
    parts = opened(folder, "\n".join(rows) + "\n\n", "metadata.jsonl")
    assert labels(parts) == ["a", "b"] * 3
    with pytest.raises(ClearsightError, match="several labels in one cell"):
        opened(folder, json.dumps({"file_name": "pics/0.png", "label": ["a", "b"]}), "metadata.jsonl")
    for text, reason in (("{", "line 1: .* Every line must be a JSON object"), ("[1]", "line 1: every line must be a JSON object")):
        with pytest.raises(ClearsightError, match=reason):
            opened(folder, text, "metadata.jsonl")


def test_classes_called_as_files_are_do_not_make_the_header_a_row(folder):
    """One-hot columns 0, 1 and 2, where 0.png, 1.png and 2.png are there."""
    rows = [f"pics/{i}.png;{';'.join(str(int(i % 3 == k)) for k in range(3))}" for i in range(6)]
    parts = opened(folder, "\n".join(["a;0;1;2", *rows]), name="data.csv")
    assert parts.classes == ("0", "1", "2") and labels(parts) == ["0", "1", "2"] * 2
