"""The words of the style guide: docs/style.md says what to write instead of the phrases that are searched for here.

Searched are docstrings, comments and sentences in string literals of `src`, and the prose of the pages written by hand. Code is not:
neither fenced blocks nor `words in backticks`, nor strings of a single word (names, keys, values).
"""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src" / "clearsight"

# phrase → what to write instead
PHRASES = {
    r"\banew\b": "again, from scratch, new",
    r"\b(some|any|no)body\b": "the user, the caller; or turn the sentence round",
    r"\b(whoever|whomever|whosoever)\b": "the caller, the user, code that …",
    r"\b(whatever|wherever)\b": "any, every, regardless of",
    r"(?-i:\b(is|are|was|were) none\b)": "there is no …, not a …, empty",
    r"\bnone the wiser\b": "say what does not help",
    r"\bof (which|whom|those|them) (none|nothing)\b": "none of",
    r"\bbefall(s|en|ing)?\b": "happens to",
    r"\bill will\b|\bmeans? it ill\b": "adversary, adversarial",
    r"\b(is|are|was|were|be|been) said\b": "is reported, is printed; or name who reports it",
    r"\b(is|are|was|were|be|been|not|as) told\b": "is given, is specified, is distinguished",
    r"\bwhat (it |that |this )?(is|was|are|were)\b[^.,;:?!]{1,60}? (is|was|are|were)\b": "a noun: the training loss is …",
    r"\b(all|those|what|more than|as many as|which) there (is|are)\b": "the existing ones, every",
    r"\bwhat [^.,;:?!]{1,40} (is|are) worth\b": "value, gain",
    r"\bstands?\b(?! for\b|-|alone)": "is, is written, follows",
    r"\bbeside\b": "next to, with, in addition to",
    r"(?<!left )\bbehind\b": "after, by means of",
    r"\balike\b": "similar, both, equally",
    r"\bthe like of\b": "similar to",
    r"\bthought of\b": "considered",
    r"\b(goes|go|went|going) on (as|where|from|at|with(out)?)\b": "continues",
    r"\b(are|is|be|was|were) taken for\b(?! granted)": "is predicted as, is mistaken for",
    r"\b(is|are|was|were|be) looked (at|up|into|after)\b": "is inspected, is read, is computed at",
    r"\bno such\b(?! file| directory| name| option| command)": "not a …, an unknown …",
    r"\bwould like to see\b": "maximises the activation",
    r"\bprocessors? of graphics\b": "GPU",
    r"\bnothing but\b|\bsave for\b": "only, except",
    r"\b(thereof|whereof|wherein|whereby|therein|whence|thence|hitherto|lest|upon|albeit|thereby|hereby)\b": "the plain preposition",
    r"\b(network|model|classifier|picture|run|file|head|teacher|layer|epoch|step|batch|function) "
    r"(says|thinks|wants|wishes|likes|hears|remembers|sees fit)\b": "predicts, stores, states: code is not a person",
    r"(?-i:\b(gray|color|colors|colored|behavior|neighbors?|centers?|centered|normalized?|initialized?|quantized?)\b)": "British in prose",
}
COMPILED = {re.compile(pattern, re.IGNORECASE): better for pattern, better in PHRASES.items()}


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """The lines and texts of docstrings, comments and string literals of more than one word."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value
    comment: list[str] = []
    start = last = -1
    for token in tokenize.generate_tokens(iter(source.splitlines(keepends=True)).__next__):
        if token.type == tokenize.COMMENT:
            if token.start[0] > last + 1:
                yield start, " ".join(comment)
                comment, start = [], token.start[0]
            comment.append(token.string.lstrip("# "))
            last = token.start[0]
    yield start, " ".join(comment)


def prose(page: str) -> str:
    """A page without its fenced blocks and links' addresses."""
    return re.sub(r"\]\([^)\s]*\)", "]", re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL))


def offences(text: str) -> list[str]:
    """The phrases in a text, each with what to write instead."""
    plain = re.sub(r"\s+", " ", re.sub(r"`[^`\n]*`", "X", text))
    return [f"{match[0]!r} (write: {better})" for pattern, better in COMPILED.items() for match in pattern.finditer(plain)]


def pages() -> list[Path]:
    """Pages written by hand; docs/style.md names the phrases, and reference and api repeat docstrings and help."""
    written = [page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name not in ("reference", "api")]
    return [*sorted(ROOT.glob("*.md")), *(page for page in written if page.name != "style.md")]


def texts() -> Iterator[tuple[str, str]]:
    """(place, text) of all that is searched."""
    for path in sorted(SRC.rglob("*.py")):
        for line, text in sentences(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT).as_posix()}:{line}", text
    for page in pages():
        yield page.relative_to(ROOT).as_posix(), prose(page.read_text(encoding="utf-8"))


def test_phrases_of_the_style_guide_are_not_used():
    assert [f"{place}: {phrase}" for place, text in texts() for phrase in offences(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "drawn anew for each epoch", "somebody else's weights", "nobody knows", "whoever sets the rate", "whatever the seed",
        "a number that is none", "raises for pictures that are none", "batches of which none is full", "more epochs are none the wiser",
        "what befalls pictures", "ways that need no ill will", "and so it is said", "settings that are not told",
        "What is trained is what wrap makes", "as many as there are", "all there is to report", "What more labels are worth",
        "the accuracy stands beside it", "the strength behind them", "pictures that look alike", "labels thought of",
        "a dropout goes on as it was", "what it was taken for, and is taken for", "the channels are looked at",
        "raises UsageError for no such picture", "a processor of graphics", "nothing but the head", "where the file says so",
        "random colors", "of this,\n    whatever it is",
    ],
)  # fmt: skip
def test_a_phrase_is_noticed(text):
    assert offences(text)


@pytest.mark.parametrize(
    "text",
    [
        "median minimal ε", "Raises UsageError if no file matches.", "ECE stands for expected calibration error", "it is left behind",
        "continue a run with `go on with`", "the `gray` channel of Image Net: A Color study", "no such file", "taken for granted",
        "Drop-in replacement; stand-alone", "says how many pictures were read", "what is wrong, what is allowed", "colour and centre",
    ],
)  # fmt: skip
def test_plain_words_are_not(text):
    assert offences(text) == []


def test_code_is_not_prose():
    source = 'x = "anew"  # a comment\ndef anew():\n    """A plain sentence."""\n    return {"beside": f"{anew} of two words"}\n'
    assert [offence for _, text in sentences(source) for offence in offences(text)] == []
    assert prose("a\n```\nbeside\n```\n[b](behind.md)") == "a\n\n[b]"
    assert [text for _, text in sentences("x = 1  # drawn\n# anew\n")][-1] == "drawn anew"


def test_glossary_names_what_the_code_has():
    rows = [line.strip("|").split("|") for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines() if "|" in line]
    assert len(rows) >= 60
    assert [row[0].strip() for row in rows[2:]] == sorted({row[0].strip() for row in rows[2:]}, key=_in_order)
    code = "\n".join([path.read_text(encoding="utf-8") for path in SRC.rglob("*.py")] + [str(path) for path in SRC.rglob("*")])
    named = {word.removeprefix("clearsight ") for row in rows[2:] for word in re.findall(r"`([^`]+)`", row[2])}
    assert [word for word in sorted(named) if not re.search(rf"\b{re.escape(word)}\b", code)] == []


def _in_order(word: str) -> str:
    return word.lower().replace("ε (", "")
