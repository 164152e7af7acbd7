"""A sheet of exercises as a figure that lives: choose those of an hour, and the seed of the class."""

from ...exercises.table import GENERATORS, generate
from .page import Live

LEAD = "Twenty exercises on the slides; a seed gives a class its numbers, and the answers are computed."
SEED = 7


def live_sheet() -> Live:
    """Every exercise that is generated, with its points."""
    made = [generate(name, SEED) for name in GENERATORS]
    rows = [{"name": one.name, "topic": one.topic, "title": one.title, "points": one.points} for one in made]
    return Live("sheet", "A sheet of exercises", LEAD, {"exercises": rows, "seed": SEED})
