"""The 26 models in a browser: sorted by any column, dashes last, each count computed."""

from clearsight.models.history import keras_models
from tests.reports.live.examples import example


def test_a_title_sorts_and_turns(show):
    rows = keras_models()
    with show(example("sorted_table")) as window:
        column = window.locator("tbody td:nth-child(5)")
        read = "nodes => nodes.map(node => Number(node.dataset.value))"
        assert sorted(column.evaluate_all(read)) == sorted(row["counted"] for row in rows) and column.count() == 26
        window.get_by_role("button", name="parameters").click()
        assert column.evaluate_all(read) == sorted((row["counted"] for row in rows), reverse=True)
        assert window.locator("th[aria-sort=descending]").inner_text().startswith("parameters")
        window.get_by_role("button", name="top-1").press("Enter")
        assert window.locator("tbody th").first.inner_text() == max((row["top1"] or 0, row["model"]) for row in rows)[1]
        assert window.locator("tbody td:nth-child(3)").last.inner_text() == "–"
        window.get_by_role("button", name="top-1").press("Enter")
        assert window.locator("tbody th").first.inner_text() == min((row["top1"] or 1, row["model"]) for row in rows)[1]
        assert window.locator("tbody td:nth-child(3)").last.inner_text() == "–"
