"""The table of slides: it is whole, and what it names is there."""

from clearsight.exercises.table import GENERATORS
from clearsight.studio.compute.lecture.figures import FIGURES
from clearsight.studio.lecture.glossary import words
from clearsight.studio.lecture.slides import slides, slug


def test_every_slide_is_whole():
    assert len(slides()) > 25 and len({one.id for one in slides()}) == len(slides())
    known = {word.word for word in words()}
    for one in slides():
        assert one.title and one.sees and one.runs and one.words, one.title
        assert set(one.further) <= {"pictures", "inside", "break", "networks", "train"}, one.title
        assert set(one.words) <= known and set(one.figures) <= set(FIGURES), one.title


def test_every_figure_and_every_exercise_has_its_slide():
    assert {name for one in slides() for name in one.figures} == set(FIGURES)
    assert sorted(name for one in slides() for name in one.exercises) == sorted(GENERATORS)


def test_a_title_is_an_address():
    assert slug("classify(image) → class label") == "classify-image-class-label"
