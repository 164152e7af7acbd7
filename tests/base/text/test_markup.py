"""What others wrote stays letters: in Markdown, in the cells of a spreadsheet."""

import re

import pytest

from clearsight.base.text.markup import inline

EVIL = [
    "a\n## Licence MIT\n<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[click](javascript:alert(1))", "*bold*", "_it_",
    "`code`", "``", "` `", " ", "", "a|b", "&lt;", "https://evil.example", "www.evil.example", "me@evil.example", "![x](y)", "~~x~~",
    "\u2028# x", "a\r- b", "back\\slash", "$x$", "a `b` ``c``", "`start", "end`", "\x1b[31mred",
]  # fmt: skip


@pytest.mark.parametrize("text", EVIL)
def test_markdown_is_one_line_of_code(text):
    line = inline(text)
    assert len(line.splitlines()) == 1 and line.isprintable()
    fence = re.match("`+", line)
    assert fence is not None and line.endswith(fence[0]), "what could be markup is code"
    inner = line[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inner), "and the code cannot end early"


@pytest.mark.parametrize(
    "text", ["cat", "Kätzchen", "T-shirt/top", "Ankle boot", "96.3%", "3 × swift", "1e-05", "torchvision:resnet18", "a_b_c"]
)
def test_plain_names_stay_as_they_are(text):
    assert inline(text) == text
