"""The files of the page: what is referred to is there, what is there is referred to, and nothing is loaded from elsewhere."""

import posixpath
import re

from clearsight.studio.web.assets import PAGE, assets

REFERENCE = re.compile(r"""(?:from|import|href=|src=)\s*"((?:/static/|\.{1,2}/)[^"]+)\"""")


def referred(name: str, text: str) -> set[str]:
    return {
        address.removeprefix("/static/")
        if address.startswith("/")
        else posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
        for address in REFERENCE.findall(text)
    }


def test_every_file_is_reached_from_the_page_and_every_reference_is_a_file():
    table = assets()
    seen, left = set(), {PAGE}
    while left:
        name = left.pop()
        assert name in table, f"{name} is referred to and is not there"
        seen.add(name)
        left |= referred(name, table[name][0].decode()) - seen
    own = {name for name in table if not name.startswith("live/")}
    assert own - seen == set()


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_written_as_html():
    for name, (content, kind) in assets().items():
        text = content.decode()
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//|(?<!\{)\bimport\(|@import|url\(\s*['\"]?http", text), name
        if kind.startswith("text/javascript"):
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), name
    assert b"<script>" not in assets()[PAGE][0] and b"style=" not in assets()[PAGE][0]


def test_no_two_screens_lay_out_the_same_class():
    own: dict[str, set[str]] = {}
    for name, (content, kind) in assets().items():
        if kind.startswith("text/css") and name.startswith("screens/"):
            text = re.sub(r"/\*.*?\*/|@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", content.decode(), flags=re.DOTALL)
            for one in re.findall(r"(?:^|[},])\s*(\.[\w-]+)\s*(?=[{,])", text):
                own.setdefault(one, set()).add(name)
    assert len(own) > 50 and {one: names for one, names in own.items() if len(names) > 1} == {}
