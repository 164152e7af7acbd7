"""The tutorial's outputs: how they are cut, and that those which need no training are what the commands print today."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("docs_outputs", ROOT / "docs" / "outputs.py")
assert SPEC is not None and SPEC.loader is not None
outputs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(outputs)
UNTRAINED = ("05-convolution.md", "06-convnets.md", "07-architectures.md")


def test_lines_are_kept_by_their_words_and_the_others_are_dots():
    assert outputs.shortened("a\nb 1\nc\nd\ne 2 \nf\n", "1 | 2") == "b 1\n...\ne 2\n"
    assert outputs.shortened("a\n\nb\n", "*") == "a\n\nb\n"


def test_a_block_of_text_gets_the_output_of_the_block_before_it():
    page = "x\n\n```sh\nclearsight a\n```\n\n<!-- output: one -->\n```text\nold\n```\n\n```python\nprint(1)\n```\ny\n"
    ran = []
    made = outputs.filled(page, lambda kind, code: ran.append((kind, code)) or "one\ntwo\n")
    assert ran == [("sh", "clearsight a\n"), ("python", "print(1)\n")]
    assert made == page.replace("old", "one")
    assert outputs.filled(made, lambda kind, code: "one\n") == made


@pytest.mark.parametrize("name", UNTRAINED)
def test_what_needs_no_training_is_printed_today_as_the_page_has_it(name, tmp_path):
    text = (ROOT / "docs" / "tutorial" / name).read_text(encoding="utf-8")
    assert outputs.filled(text, lambda kind, code: "" if "--out" in code else outputs.run_in(tmp_path, kind, code)) == text


def test_every_output_was_written_and_every_figure_is_there():
    for page in outputs.PAGES:
        text = page.read_text(encoding="utf-8")
        assert "```text\n```" not in text, page.name
        for figure in outputs.FIGURE.findall(outputs.BLOCK.sub(lambda found: found[0] if found[1] == "sh" else "", text)):
            if "| `clearsight" not in text:  # a table names commands that are not run
                assert (outputs.FIGURES / figure).is_file(), f"{page.name}: {figure}"
