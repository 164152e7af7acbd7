"""ILSVRC in a browser: the top-5 errors of the table, each with its source."""

from clearsight.models.history import HUMAN, ILSVRC
from tests.reports.live.examples import example


def test_the_errors_are_the_tables_and_each_winner_has_its_source(show):
    with show(example("ilsvrc")) as window:
        told = [float(text) for text in window.locator("td[data-value]").evaluate_all("nodes => nodes.map(node => node.dataset.value)")]
        assert told == [row.error for row in ILSVRC] and told[2] == 0.153 and told[5] == 0.0357
        heights = window.locator("rect.layer").evaluate_all("nodes => nodes.map(node => Number(node.getAttribute('height')))")
        assert all(abs(height / heights[0] - row.error / ILSVRC[0].error) < 1e-6 for height, row in zip(heights, ILSVRC, strict=True))
        for row in ILSVRC:
            said = window.locator(".sum").inner_text()
            assert said.startswith(f"{row.year}, {row.team}: {row.method}") and f"{100 * row.error:.3g} %" in said
            assert ("a person: 5.1 %" in said) == (row.error < HUMAN)
            assert window.locator(".source").inner_text().startswith(f"Source: {row.source}")
            window.get_by_role("button", name="Next").click()
        window.locator("tbody tr").nth(5).hover()
        assert window.locator(".sum").inner_text().startswith("2015, MSRA: ResNet with 152 layers: 3.57 %, 54 % of the error of 2014")
