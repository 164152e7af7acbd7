"""The links at the top of a page are those of its cards, also after one was put in later."""

import re

from clearsight.reports.report import card, page, renew_contents


def links(text: str) -> list[str]:
    return re.findall(r'<a href="#([^"]*)">', text)


def test_links_follow_the_cards() -> None:
    cards = [card(title, "lead", "body") for title in ("One", "Two", "Three")]
    text = page("title", "\n".join(cards))
    assert links(text) == ["one", "two", "three"]
    more = renew_contents(text.replace(cards[2], cards[2] + card("Adversarial robustness", "lead", "body")))
    assert links(more) == ["one", "two", "three", "adversarial-robustness"]
    assert more.count("<nav") == 1 and renew_contents(more) == more


def test_a_page_that_had_no_links_gets_them() -> None:
    text = page("title", card("One", "lead", "body"))
    assert links(text) == []
    grown = text.replace("</section>", "</section>" + card("Two", "", "") + card("Three", "", ""), 1)
    assert links(renew_contents(grown)) == ["one", "two", "three"]
