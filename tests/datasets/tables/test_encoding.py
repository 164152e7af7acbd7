"""Encodings of tables: read where they can be told, else refused with line, byte and remedy."""

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.datasets.tables.encoding import encoding, text

TABLE = "path,label\r\n1.png,Müsli\r\n2.png,œil-de-bœuf\r\n".replace("œ", "é")


def stored(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "iso8859-15"]
)  # fmt: skip
def test_each_is_read_as_it_was_written(codec, tmp_path):
    path = stored(tmp_path / "t.csv", TABLE.encode(codec))
    assert text(path).replace("\r\n", "\n") == TABLE.replace("\r\n", "\n")
    assert bool(encoding(path).note) == (codec in ("utf-16-le", "utf-16-be", "latin-1", "cp1252", "iso8859-15"))


def test_the_note_names_line_byte_and_word(tmp_path):
    note = encoding(stored(tmp_path / "t.csv", "path,label\na.png,Müsli\n".encode("latin-1"))).note
    assert note == (
        "t.csv, line 2, byte 19 is not UTF-8: read as Windows-1252 (Latin-1), as in 'Müsli'. "
        "Save it as UTF-8 (in Excel: CSV UTF-8) if that is wrong"
    )


@pytest.mark.parametrize(
    ("data", "line", "byte"),
    [
        ("path,label\na.png,кошка\n".encode("cp1251"), 2, 18),  # Cyrillic
        ("path,label\na.png,γάτα\n".encode("iso8859-7"), 2, 18),  # Greek
        ("path,label\na.png,小猫咪\n".encode("gbk"), 2, 18),
        ("path,label\na.png,café\n".encode("mac-roman"), 2, 21),
        ("path,label\na.png,é\n".encode() + b"b.png,\xe9\n", 2, 18),  # UTF-8 and Latin-1 in one file
        (b"path,label\na.png,b\xe9\n\0", 2, 19),
        (("a,é\n" * 300_000 + "b,").encode() + b"\xff", 1, 3),  # the first letter of UTF-8 next to what is none, in the second chunk
    ],
)
def test_what_cannot_be_told_is_refused(data, line, byte, tmp_path):
    with pytest.raises(ClearsightError, match="is not UTF-8 text") as caught:
        encoding(stored(tmp_path / "t.csv", data))
    assert f"t.csv, line {line:,}, byte {byte:,} is not UTF-8 text" in str(caught.value)
    assert "Save it as UTF-8 (in Excel: CSV UTF-8)" in str(caught.value)


@pytest.mark.parametrize("word", ["caf\xe9", "na\xefve", "\xe9t\xe9", "a\xe9\xe8"])
def test_a_letter_that_ends_the_file_is_looked_at_as_well(word, tmp_path):
    path = stored(tmp_path / "t.csv", f"path,label\na.png,{word}".encode("latin-1"))
    assert encoding(path).codec == "cp1252" and text(path).endswith(word)
    assert encoding(stored(tmp_path / "u.csv", f"path,label\na.png,{word}".encode())).codec == "utf-8"
