import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from clearsight.datasets.dataset import Dataset, objects
from clearsight.evaluation.evaluate import evaluate
from clearsight.reports.report import Kept, write_report
from tests.evaluation.stand_in import Nearest, digits, judged

HISTORY = [
    {"epoch": i, "loss": 2 / i, "accuracy": 1 - 0.5 / i, "val_loss": 2.1 / i, "val_accuracy": 0.9 - 0.4 / i, "lr": 0.1, "seconds": 1.0 * i}
    for i in range(1, 8)
]
FACTS = {"run": "runs/x", "processor": "A & B <fast>", "seed": "0", "command": "clearsight train digits --seed 0"}
VOID = {"meta", "link", "img", "br", "col", "hr"}


class Page(HTMLParser):
    """The open elements in order; fails on one that is closed wrongly."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.words = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words += data.replace("\xa0", " ")


def written(tmp_path, **given) -> Page:
    path = tmp_path / "report.html"
    write_report(path, **{"title": "nearest on digits", "facts": FACTS, **given})
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 2_000_000
    page = Page(text)
    loads = [tag[name] for _, tag in page.tags for name in ("src", "href", "action", "srcset") if name in tag]
    assert all(address.startswith(("data:", "#")) for address in loads)
    style = text[: text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert not {"script", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert "nan" not in re.findall(r"[a-z]+", page.words.lower())
    return page


def test_the_whole_report(tmp_path):
    data = digits(40)
    found = evaluate(Nearest(), data, quiet=True)
    page = written(tmp_path, history=HISTORY, evaluation=found, dataset=data, classifier=Nearest())
    value, low, high = (100 * found.to_json()["top1"][key] for key in ("value", "low", "high"))
    assert f"{value:.1f} % of 400 test pictures correct; with 95 % confidence between {low:.1f} % and {high:.1f} %." in page.words
    for words in (
        "Random predictions", "Confusion matrix", "Most confused pairs", "Most confident mistakes", "Per-class metrics",
        "Calibration", "Training curves", "Provenance", "A & B <fast>",
        "1 × 8 × 8", "clearsight train digits --seed 0", "seven",
    ):  # fmt: skip
        assert words in page.words
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    names = [attributes["title"] for tag, attributes in page.tags if attributes.get("class") == "frame"]
    assert len(pictures) == len(names) == 8 + int((~found.right).sum()), "there are fewer wrong ones than room for them"
    assert len(set(names)) == len(names), "no picture is shown twice"
    assert all(p["src"].startswith("data:image/png;base64,") and p["class"] == "tiny" for p in pictures)


def test_class_names_are_words_and_nothing_else(tmp_path):
    evil = ("<script>alert(1)</script>", '"><img src=http://x.example/y onerror=z>', "&amp;", "a" * 300)
    found = judged([0, 1, 2, 3, 0], [0, 0, 1, 3, 2], evil)
    page = written(tmp_path, title="<b>&", evaluation=found, facts={"<i>": "</dl>", "command": "</pre><script>"})
    assert evil[0] in page.words and evil[1] in page.words and "&amp;" in page.words
    assert all("onerror" not in attributes for _, attributes in page.tags)


def test_history_only_and_nothing_at_all(tmp_path):
    page = written(tmp_path, history=HISTORY)
    assert "84.3 % of the validation pictures correct after epoch 7, the last." in page.words
    assert "Training curves" in page.words and "Per-class metrics" not in page.words
    assert "Nothing has been measured yet." in written(tmp_path, facts={}).words
    assert "Training curves" in written(tmp_path, history=HISTORY[:1]).words


def test_what_chose_the_epoch_has_no_interval_anywhere(tmp_path):
    found = dataclasses.replace(
        judged([0, 1, 2, 3, 4, 5], [0, 0, 2, 3, 4, 5], tuple("abcdef")), no_interval="these pictures chose the epoch"
    )
    page = written(tmp_path, evaluation=found, evaluation_part="validation")
    assert "83.3 % of 6 validation pictures correct; these pictures chose the epoch." in page.words
    assert "No figure here has an interval, since these pictures chose the epoch: they are optimistic" in page.words
    assert "confidence between" not in page.words and "95 % interval" not in page.words
    assert not [tag for tag, attributes in page.tags if attributes.get("class") == "whisker"]
    for key in ("top1", "top5", "macro", "top1_error", "top5_error"):
        row = found.to_json()[key]
        assert (row["low"], row["high"], row["reason"]) == (None, None, "these pictures chose the epoch")


def test_other_figures_have_their_interval(tmp_path):
    found = judged([0, 1], [0, 0], ("a", "b"))
    for part in ("validation", "test"):  # validation that decided nothing is as good as any
        page = written(tmp_path, evaluation=found, evaluation_part=part)
        assert "optimistic" not in page.words and "with 95 % confidence between" in page.words
        assert [tag for tag, attributes in page.tags if attributes.get("class") == "whisker"]
    assert "50.0 % of 2 pictures correct" in written(tmp_path, evaluation=found, evaluation_part="all").words


KEPT = {
    (3, 0): ("The dotted line marks the kept epoch, 3.", "70.0 % of the validation pictures correct"),
    (7, 3): ("Kept is the model soup: the mean of the weights of the last 3 epochs.", ""),
    (0, 0): ("Kept is the solved head, from before the first epoch.", ""),
    None: ("Training figures are averages", ""),
}


@pytest.mark.parametrize("kept", KEPT)
def test_the_kept_epoch_is_what_the_run_says(kept, tmp_path):
    """Not the best in the history: that is epoch 5."""
    history = [{**row, "val_accuracy": value} for row, value in zip(HISTORY, (0.5, 0.6, 0.7, 0.8, 0.9, 0.8, 0.7), strict=True)]
    page = written(tmp_path, history=history, kept=Kept(*kept) if kept else None)
    said, right = KEPT[kept]
    assert said in page.words and right in page.words and "epoch, 5" not in page.words
    assert ("dotted line" in page.words) == (len([1 for _, attributes in page.tags if attributes.get("class") == "best"]) > 0)


def test_strengths_are_no_epochs(tmp_path):
    page = written(tmp_path, history=[{**row, "l2": 0.1 / row["epoch"]} for row in HISTORY], kept=Kept(6))
    assert "The dotted line marks the kept strength, 6." in page.words and "strength of L2, in the order tried" in page.words


@pytest.mark.parametrize("k", [1, 2, 20, 21, 100])
def test_few_and_many_classes(tmp_path, k):
    labels = np.arange(400) % k
    guesses = np.where(np.arange(400) % 7 == 0, (labels + 1) % k, labels)
    page = written(tmp_path, evaluation=judged(labels.tolist(), guesses.tolist(), tuple(f"class {i}" for i in range(k + 1))[:k]))
    assert ("Confusion matrix" in page.words) == (1 < k <= 20)
    assert ("Most confused pairs" in page.words) == (k > 1)
    assert ("by definition" in page.words) == (k <= 5)
    assert ("These are the 20 lowest of 100." in page.words) == (k == 100)


def test_all_right_and_a_class_without_pictures(tmp_path):
    page = written(tmp_path, evaluation=judged([0, 0], [0, 0], ("a", "b")))
    assert "100.0 % of 2 test pictures correct" in page.words
    assert "Most confident mistakes" not in page.words and "Without a picture here: b." in page.words


def test_photographs_are_reduced(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 300, 500, 3), dtype=np.uint8)
    data = Dataset(("a", "b"), np.zeros(40, np.int64), objects(f"{i}.png" for i in range(40)), pictures=noise)
    page = written(tmp_path, evaluation=judged([0] * 40, [i % 2 for i in range(40)], ("a", "b")), dataset=data)
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert all(p["src"].startswith("data:image/jpeg") and "class" not in p for p in pictures)
