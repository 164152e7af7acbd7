"""The process that has torch answers the questions of every module."""

from clearsight.studio.compute import breaking, session
from clearsight.studio.compute.worker import FUNCTIONS


def test_the_questions_of_every_module_are_answered():
    assert session.FUNCTIONS.items() <= FUNCTIONS.items() and breaking.FUNCTIONS.items() <= FUNCTIONS.items()
