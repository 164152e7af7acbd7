"""A soup: the mean of the last epochs' weights, kept where validation finds it no worse."""

import pytest
import torch

from clearsight.training.interrupt import Stop
from clearsight.training.validation.soup import add_to_soup, select_soup
from tests.training.objectives.made import made_of


def filled(context, value: float) -> None:
    for p in context.state.model.parameters():
        p.data.fill_(value)


def test_the_last_epochs_are_averaged():
    context, _ = made_of(epochs=5, soup=2)
    for number in range(5):
        filled(context, number)
        add_to_soup(context)
        context.state.counters.next_epoch()
    assert all(value.eq(3.5).all() for value in context.state.soup.values())


def test_without_a_soup_there_is_none_and_of_moving_averages_it_is_theirs():
    context, _ = made_of(epochs=1)
    add_to_soup(context)
    assert context.state.soup == {}
    context, _ = made_of(epochs=1, soup=1, ema=0.5)
    context.state.averaged = {"w": torch.tensor([7.0])}
    add_to_soup(context)
    assert context.state.soup["w"].tolist() == [7]


@pytest.mark.parametrize(("best", "keep", "kept"), [(0.0, "best", True), (1.0, "best", False), (1.0, "last", True)])
def test_it_is_kept_where_it_is_no_worse(best, keep, kept):
    said = []
    context, _ = made_of(epochs=2, soup=2, keep=keep, val=0.5)
    assert len(context.val) >= 30  # fewer could not tell the two apart
    context.log = said.append
    context.state.soup = {name: value.clone() for name, value in context.state.model.state_dict().items()}
    context.state.kept, context.state.counters.best = {}, best
    select_soup(context, Stop())
    assert (context.state.kept is context.state.soup) == kept and context.state.counters.souped == (2 if kept else 0)
    assert ("the soup is kept" in said[0]) == kept
