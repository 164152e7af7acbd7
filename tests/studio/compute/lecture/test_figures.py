"""The lecture's figures as the page gets them."""

import json

import pytest

from clearsight.base.errors import UsageError
from clearsight.base.result import jsonable
from clearsight.reports.live.page import STATIC
from clearsight.studio.compute.lecture.figures import FIGURES, figure
from clearsight.studio.compute.session import Session


@pytest.fixture(scope="module")
def session():
    return Session()


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_numbers_that_a_module_draws(name, session):
    found = figure(session, name, "", "")
    assert found["title"] and found["lead"] and STATIC.joinpath(f"{found['module']}.js").is_file()
    assert len(json.dumps(jsonable(found), allow_nan=False)) < 6_000_000


def test_the_lectures_numbers(session):
    lecture = figure(session, "convolution", "", "")["data"]
    assert lecture["feature_map"][0][2] == -44 and lecture["max_pool"] == [[104, 224], [217.5, 52.5]]
    assert figure(session, "curve", "", "")["data"]["feature_map"] == [[6600]]
    assert figure(session, "alexnet", "", "")["data"]["parameters"] == 62_378_344
    with pytest.raises(UsageError, match="figure of the lecture"):
        figure(session, "nothing", "", "")
