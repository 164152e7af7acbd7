"""A sheet as HTML: escaped, whole, without a key where none is asked for."""

from html.parser import HTMLParser

from clearsight.reports.exercises.html import html

VOID = ("meta", "br", "link")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.ids = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page):
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    return tags


def test_pages_are_whole_and_load_nothing(lecture):
    for key in (False, True):
        page = html(lecture, key)
        tags = parsed(page)
        assert tags.ids == [one.name for one in lecture.exercises]
        assert tags.seen.count("h1") == 1 and tags.seen.count("h2") == len(lecture.exercises)
        assert not any(word in page for word in ("http:", "https:", "src=", "<script"))
        assert 'lang="en"' in page and tags.seen.count("caption") >= sum(len(one.grids) for one in lecture.exercises)


def test_the_students_page_has_hints_and_no_key(lecture):
    page, key = html(lecture), html(lecture, key=True)
    assert page.count("<details>") == 2 * len(lecture.exercises) and "Solution" not in page
    assert key.count("<h3>Solution</h3>") == len(lecture.exercises)


def test_texts_are_escaped(hostile):
    for key in (False, True):
        page = html(hostile, key)
        parsed(page)
        assert "<script" not in page and "&lt;script&gt;" in page and "<code>a&lt;b</code>" in page
