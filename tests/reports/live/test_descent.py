"""The line of descent in a browser: each station with its year, its idea and its source."""

from clearsight.models.history import DESCENT
from tests.reports.live.examples import example


def test_every_station_says_its_idea_and_what_it_builds_on(show):
    rows = sorted(DESCENT, key=lambda one: one.year)
    named = {one.key: one.label for one in rows}
    with show(example("descent")) as window:
        for one in rows:
            said = window.locator(".sum").inner_text()
            assert said.startswith(f"{one.year}, {one.label}: {one.idea}")
            assert all(named[key] in said for key in one.after)
            assert window.locator(".stations .before").count() == len(one.after)
            assert window.locator(".source").inner_text().startswith(f"Source: {one.source}")
            window.get_by_role("button", name="Next", exact=True).click()
        window.get_by_role("button", name="ConvNeXt").press("Enter")
        assert "ResNet and ViT" in window.locator(".sum").inner_text()
