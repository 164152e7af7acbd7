"""Top-k error in a browser: the share at each k is that of the ranks."""

import pytest
import torch

from clearsight.reports.live.top_k import ranks
from tests.reports.live.examples import DIGIT_NET, DIGITS, LIVE, example


def test_the_error_at_k_is_the_share_of_larger_ranks(show):
    data = LIVE["top_k"]().data
    part = DIGITS["test"].subset(range(60))
    p = torch.cat([DIGIT_NET.probabilities(DIGIT_NET.preprocessing.load(part.source(i))[None]) for i in range(60)])
    with show(example("top_k")) as window:
        for k in range(1, 6):
            best = p.topk(k).indices
            right = (best == torch.from_numpy(part.labels.astype("int64"))[:, None]).any(1)
            whole = window.locator(".facts b").nth(1).evaluate("node => Number(node.dataset.value)")
            assert whole == pytest.approx(1 - float(right.double().mean()))
            errors = window.locator("tbody td:last-child").all_inner_texts().count("✗ error")
            assert errors == sum(row["rank"] > k for row in data["rows"])
            window.get_by_label("k", exact=True).press("ArrowRight")


def test_a_rank_is_the_place_of_the_label():
    assert ranks(torch.tensor([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]), torch.tensor([0, 0])).tolist() == [3, 1]
