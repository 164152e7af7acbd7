"""A folder here or at an address: the same functions, the same results."""

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.remote.place import Place


@pytest.mark.parametrize("kind", ["here", "remote"])
def test_a_place(kind, request, tmp_path):
    place = Place(tmp_path / "out" if kind == "here" else f"{request.getfixturevalue('s3').folder}/")
    assert place.names() == [] and place.remote is (kind == "remote")
    place.make()
    place.write("b.bin", b"0123456789")
    place.write("a.bin", b"1")
    assert place.names() == ["a.bin", "b.bin"]
    assert place.read("b.bin") == b"0123456789" == place.end("b.bin", 99) and place.end("b.bin", 3) == b"789"
    place.remove("a.bin")
    place.remove("a.bin")
    assert place.names() == ["b.bin"]
    with pytest.raises(ClearsightError):
        place.read("none")


def test_temporary_files_and_secrets_are_not_shown(tmp_path):
    (tmp_path / ".a.0123abcd.tmp").write_bytes(b"")
    assert Place(tmp_path).names() == [] and str(Place("https://u:p@h/x/")) == "https://h/x"
