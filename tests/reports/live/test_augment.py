"""Augmentation in a browser: the network's answers come after the reader's."""

from tests.reports.live.examples import LIVE, example


def test_answers_come_after_the_readers(show):
    data = LIVE["augment"]().data
    with show(example("augment")) as window:
        captions = window.locator(".wall figcaption")
        assert captions.all_inner_texts()[1:] == ["?"] * 5
        window.get_by_role("button", name="I recognise them all").click()
        shown = captions.all_inner_texts()[1:]
        assert [text.startswith("✓") for text in shown] == [copy["same"] for copy in data["rows"][0]["copies"]]
        kept = sum(copy["same"] for copy in data["rows"][0]["copies"])
        assert f"the network: {kept} of 5" in window.locator(".sum").inner_text()
        agreed = int(kept == 5)
        assert f"agree on {agreed} of 1" in window.locator(".score").inner_text()
        window.get_by_label("change", exact=True).press("ArrowRight")
        assert captions.all_inner_texts()[1:] == ["?"] * 5
