"""NT-Xent in a browser: every term is that of `look views`, at any temperature."""

import pytest

from clearsight.look.views import nt_xent
from tests.reports.live.examples import LIVE, example

READ = "nodes => nodes.map(node => Number(node.dataset.value))"


def test_the_terms_are_pythons(show):
    cosines = LIVE["nt_xent"]().data["networks"][0]["cosines"]
    with show(example("nt_xent")) as window:
        for key, temperature in ((None, 0.5), ("Home", 0.05), ("End", 2.0)):
            if key:
                window.get_by_label("temperature").press(key)
            losses = [term.loss for term in nt_xent(cosines, temperature)]
            found = window.locator('table[aria-label="Terms"] td[data-value]').evaluate_all(READ)
            assert found == pytest.approx(losses, rel=1e-9)
            mean = window.locator(".answer b").evaluate("node => Number(node.dataset.value)")
            assert mean == pytest.approx(sum(losses) / 4, rel=1e-9)
        assert window.locator('table[aria-label="Cosines"] td').evaluate_all(READ) == pytest.approx(cosines.flatten().tolist())
        assert window.locator(".cosines .best").count() == 4
