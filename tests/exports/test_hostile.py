"""Odd, bad and mutated files as bytes: an exported file answers as the classifier, or refuses with the same error in the same words."""

import pytest

from clearsight.base.errors import ClearsightError, UnreadableImage
from clearsight.classifier.engines.exported import opened
from tests.rubbish.bad import EITHER, REFUSED
from tests.rubbish.mutants import NAMES, mutants
from tests.rubbish.odd import WHOLE

EVERY = 9  # of the corpus in the quick test


@pytest.fixture(scope="module")
def both(exported):
    return exported.classifier, opened(exported.onnx), opened(exported.fitted)


def told(classifier, data: bytes):
    """The answer, or the error."""
    try:
        return classifier.classify(data)
    except ClearsightError as error:
        return type(error), str(error)


def apart(both, sources) -> list[str]:
    """The names of the files to which an exported file says something else than the classifier."""
    return [name for name, data in sources if not same(*(told(one, data) for one in both))]


def same(wanted, *found) -> bool:
    if isinstance(wanted, tuple):
        return all(one == wanted for one in found)
    return all(
        not isinstance(one, tuple) and one.label == wanted.label and abs(one.confidence - wanted.confidence) <= 1e-5 for one in found
    )


def corpus() -> list[tuple[str, bytes]]:
    cases = [*((name, case.data) for name, case in WHOLE.items()), *((name, data) for name, (data, _) in REFUSED.items())]
    return [(name, data) for name, data in cases if isinstance(data, bytes)]


def test_some_of_the_corpus(both):
    assert apart(both, corpus()[::EVERY]) == []
    assert told(both[1], b"no picture")[0] is UnreadableImage


@pytest.mark.slow
def test_the_whole_corpus_and_mutants(both):
    assert apart(both, corpus()) == []
    assert apart(both, ((name, make()) for name, make in EITHER.items())) == []
    assert apart(both, ((f"{name} {place}", data) for name in NAMES for place, data in enumerate(mutants(name, 0, 25)))) == []
