"""The out-of-fold answers of a run: kept, read again, judged, and refused where the file is damaged."""

import pytest
import torch

from clearsight.base.errors import CorruptFile
from clearsight.runs.held_out import FILE, HeldOut, read


def held_out() -> HeldOut:
    logits = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0], [0.0, 0.5]])
    return HeldOut(torch.tensor([0, 2, 5, 6]), torch.tensor([0, 1, 1, 1]), logits, torch.tensor([0, 1, 1, 2]))


def test_it_is_read_as_it_was_written(tmp_path):
    held_out().save(tmp_path)
    found = read(tmp_path)
    assert found is not None
    for name in ("places", "labels", "logits", "groups"):
        assert torch.equal(getattr(found, name), getattr(held_out(), name))
    assert read(tmp_path / "nowhere") is None


def test_its_accuracy_has_an_interval_and_says_what_it_is():
    found = held_out().judged()
    assert (found["n"], found["top1"]["value"], found["by"], found["decided"]) == (4, 0.75, "cross-validation", [])
    assert found["top1"]["low"] < 0.75 < found["top1"]["high"]


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_damaged_file_is_said(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(CorruptFile, match="out-of-fold answers"):
        read(tmp_path)
