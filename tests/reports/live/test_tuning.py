"""Fine-tuning in a browser: 850 of LeNet-5's 61,706 parameters with the head alone, all of them at the other end."""

from tests.reports.live.examples import example


def test_the_slider_counts_what_learns(show):
    with show(example("tuning")) as window:
        count = window.locator(".facts b")
        assert count.get_attribute("data-value") == "850" and "of 61,706" in window.locator(".facts span").last.inner_text()
        assert window.locator("tbody tr.best").count() == 1
        window.get_by_label("trained stages").press("End")
        assert count.get_attribute("data-value") == "61706" and window.locator("tbody tr.idle").count() == 0
