"""What the lecture's figures store is what benchmarks/lecture.py computes: its cheapest row, again."""

import lecture
import pytest
import torch

from clearsight.datasets.open import open_dataset
from clearsight.look.target import subject
from clearsight.reports.live.curves import MEASURED, measured


def test_a_stored_row_is_computed_again(monkeypatch):
    stored = next(row for row in measured()["heads"]["features"] if row["name"] == "histogram")
    monkeypatch.setattr(lecture, "AMOUNTS", lecture.AMOUNTS[:1])
    again = lecture.row("histogram", subject("histogram", (1, 28, 28), 10), open_dataset("digits"))
    assert again["size"] == stored["size"] == 32
    for one, other in zip(again["points"], stored["points"], strict=False):
        assert one == pytest.approx(other, abs=2e-3)  # a picture on the border may fall to either side on another chip


def test_the_file_has_the_amounts_the_draws_and_the_members_of_the_script():
    found = measured()
    assert str(lecture.FILE).endswith(str(MEASURED).partition("src")[2])
    assert (found["heads"]["labels"], found["heads"]["draws"]) == (list(lecture.AMOUNTS), lecture.DRAWS)
    assert [run["dropout"] for run in found["networks"]["runs"]] == list(lecture.DROPOUTS)
    assert {len(run["errors"]) for run in found["networks"]["runs"]} == {lecture.MEMBERS}


def test_a_draw_has_as_many_of_each_class():
    labels = torch.arange(10).repeat(30)
    some = lecture.drawn(labels, 50, 3)
    assert len(some.unique()) == 50 and labels[some].bincount().tolist() == [5] * 10
    assert some.tolist() != lecture.drawn(labels, 50, 4).tolist()
