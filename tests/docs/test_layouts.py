"""Every entry of the how-to on layouts: its files are made, its command's data are opened, and the sentence is compared."""

import re
from pathlib import Path

import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError
from clearsight.datasets.open import open_dataset

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "my-data-looks-like-this.md"
ENTRIES = {entry.partition("\n")[0]: entry for entry in re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]}
BLOCK = re.compile(r"^```(text|csv)(?: (\S+))?(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"`clearsight check (\S+)` (?:(stops)|reads (.+?) in `(\w+)`)(?: and says: \*(.+)\*)?")


def test_there_are_entries():
    assert len(ENTRIES) >= 14


@pytest.mark.parametrize("title", ENTRIES)
def test_an_entry(tmp_path, monkeypatch, title):
    monkeypatch.chdir(tmp_path)
    for kind, name, encoding, text in BLOCK.findall(ENTRIES[title]):
        for path in map(Path, text.split("\n")[:-1] if kind == "text" else [name]):
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind == "text":
                Image.new("L", (8, 8)).save(path, None if path.suffix else "PNG")
            else:
                path.write_bytes(text.encode(encoding or "utf-8"))
    data, stops, counts, part, said = COMMAND.search(ENTRIES[title]).groups()
    if stops:
        with pytest.raises(ClearsightError, match=re.escape(said)):
            open_dataset(data)
        return
    parts = open_dataset(data)
    read = {label: int(n) for label, n in re.findall(r"`([^`]+)` (\d+)", counts)}
    assert dict(zip(parts.classes, parts[part].counts().tolist(), strict=True)) == read
    assert not said or any(said in note for note in parts.notes), parts.notes
