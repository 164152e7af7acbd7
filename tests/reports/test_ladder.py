"""The ladder as a page: the best rung first, every rung with its figures, each step in a sentence."""

import re
from itertools import pairwise

import pytest

from clearsight.experiments.ladder import LadderResult, Standing, sentence
from clearsight.reports.ladder import cards, write_page


def share(value: float) -> dict:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


@pytest.fixture
def ladder(tmp_path):
    changed = {name: share(0.7) for name in ("shift", "brightness", "occlusion")}
    step = {"difference": share(0.25), "p": 0.01, "noise": False}
    rows = [
        Standing("majority", "commonest <class>", "", share(0.25)),
        Standing("pixels", "softmax on pixels", "pixels", share(0.5), 650, 2.0, 900.0, {}, changed, step, "runs/x/pixels"),
        Standing("full", "full network", "swift", share(0.75), 292_624, 10.0, 500.0, {"0.1": share(0.6)}, changed, step, "runs/x/full"),
    ]
    return LadderResult(tmp_path, "dig<its>", 70, 300, {"seed": 0}, standings=rows)


def test_the_page_begins_with_the_best_rung(ladder):
    page = write_page(ladder).read_text(encoding="utf-8")
    assert re.search(r"full network gets 75\.0\d?\D{0,8}%", page), page[:2000]
    assert "70 test pictures" in page and "300 training pictures" in page
    assert "dig&lt;its&gt;" in page and "dig<its>" not in page and "commonest <class>" not in page


def test_every_rung_has_a_row_and_every_step_a_sentence(ladder):
    found = cards(ladder)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', found)
    assert [title for title, _ in rows] == ["commonest &lt;class&gt;", "softmax on pixels", "full network"]
    cells = [re.findall(r"<td>(.*?)</td>", row) for _, row in rows]
    assert cells[0][1:] == ["–"] * 8 and cells[2][-3:] == ["292,624", "10.0", "500"]
    steps = re.findall(r"<li>(.*?)</li>", found)
    assert steps == [sentence(below, above).replace("<", "&lt;").replace(">", "&gt;") for below, above in pairwise(ladder.standings)]
    assert "5.0 times the seconds" in steps[1]
