"""The scorecard of a stress test: a figure and a page that can be opened."""

import pytest
import torch
from PIL import Image

from clearsight.evaluation.stress import stress
from clearsight.reports.scorecard import write_scorecard
from tests.evaluation.stand_in import Nearest, digits


class Plain(Nearest):
    """As `stress` uses a classifier."""

    device = torch.device("cpu")
    model = torch.nn.Identity()

    def faster(self, speed: str) -> "Plain":
        return self


@pytest.fixture(scope="module")
def found():
    return stress(Plain(), digits(20), n=150, augment="flip crop:1", quiet=True)


def test_the_scorecard_can_be_opened(found, tmp_path):
    files = write_scorecard(found, tmp_path, "nearest <mean> on digits")
    with Image.open(files["scorecard"]) as sheet:
        assert sheet.width > 1000 and len(sheet.getcolors(10**6)) > 50
    page = files["report"].read_text(encoding="utf-8")
    assert "nearest &lt;mean&gt; on digits" in page and "<mean>" not in page and 'src="http' not in page
    for name, kept in found.failures.items():
        assert f'href="#{name}"' in page and (not kept or f'id="{name}"' in page)
    assert page.count("data:image/png") == sum(map(len, found.failures.values())) + len(found.examples)
    some = stress(Plain(), digits(6), only=["snow"], severities=[3], quiet=True)
    assert [(row["name"], row["severity"]) for row in some.corruptions] == [("snow", 3)]
    assert "not known" in write_scorecard(some, tmp_path, "x")["report"].read_text(encoding="utf-8")
