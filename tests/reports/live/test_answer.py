"""The answer as a number: another order of the table is another number, and the same class."""

import pytest

from tests.reports.live.examples import FIRST, VICTIM, example


def test_the_number_moves_and_the_answer_does_not(show):
    told = VICTIM.of_picture(FIRST)
    best, names = int(told.argmax()), VICTIM.classes
    with show(example("answer")) as window:
        shares = [float(text) for text in window.locator("td[data-value]").evaluate_all("nodes => nodes.map(node => node.dataset.value)")]
        assert shares == pytest.approx(told.tolist(), abs=1e-5)
        number = window.locator(".int")
        assert number.inner_text() == str(best) and f"“{names[best]}”" in window.locator(".answer").inner_text()
        window.get_by_role("button", name="Reverse").click()
        assert number.inner_text() == str(2 - best) and f"“{names[best]}”" in window.locator(".answer").inner_text()
        window.get_by_role("button", name="Reset").click()
        window.get_by_role("button", name=f"{names[0]} down").press("Enter")
        assert window.locator("tbody td:nth-child(2)").all_inner_texts() == [names[1], names[0], names[2]]
        assert window.evaluate("document.activeElement.getAttribute('aria-label')") == f"{names[0]} down"
