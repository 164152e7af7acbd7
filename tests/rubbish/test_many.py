"""Good and bad files mixed: every source is answered in its place, by the answer it gets alone or by one Failure."""

import os
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearsight import models
from clearsight.base.errors import UnreadableImage
from clearsight.classifier import Classifier, Failure
from clearsight.images.preprocess import FITS, INTERPOLATIONS, Preprocessing

from .bad import EITHER, JPEG, PNG, REFUSED
from .odd import WHOLE


@pytest.fixture(scope="module")
def classifier():
    model = models.build("lenet5", 5, channels=3, height=20, width=20, seed=0)
    return Classifier(model, Preprocessing(channels=3, height=20, width=20), "abcde")


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Sources of every kind with what they are called, half of them bad."""
    folder = tmp_path_factory.mktemp("pool")
    (folder / "good.png").write_bytes(PNG)
    (folder / "bad.png").write_bytes(PNG[:50])
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    whole = [case.data for case in WHOLE.values() if len(case.data) < 5000][::12]
    bad = [data for data, _ in REFUSED.values() if len(data) < 5000][::9]
    good = [folder / "good.png", str(folder / "good.png"), JPEG, np.zeros((3, 9), np.uint8), np.zeros((9, 3, 4), np.uint8), *whole]
    refused = [folder / name for name in ("bad.png", "folder.png", "pipe.png", "none.png")] + [
        3,
        None,
        "",
        np.zeros(4),
        np.zeros((2, 2)),
        *bad,
    ]
    return [(source, True) for source in good] + [(source, False) for source in refused]


def called(source):
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    return str(source) if isinstance(source, (str, os.PathLike)) else f"<{type(source).__name__}>"


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data(), batch=st.integers(1, 9), workers=st.integers(1, 4))
def test_every_source_is_answered_in_its_place(classifier, pool, data, batch, workers):
    chosen = data.draw(st.lists(st.sampled_from(range(len(pool))), max_size=25))
    answers = list(classifier.classify_many((pool[i][0] for i in chosen), batch_size=batch, workers=workers))
    assert len(answers) == len(chosen)
    for i, answer in zip(chosen, answers, strict=True):
        source, good = pool[i]
        assert isinstance(answer, Failure) != good
        assert answer.source == called(source)
        if good:
            assert answer.confidence == pytest.approx(classifier.classify(source).confidence, abs=1e-5)
        else:
            assert answer.error.isprintable() and answer.error


def test_a_stream_is_answered_once_for_all_its_life(classifier):
    good, bad = BytesIO(PNG), BytesIO(PNG[:50])
    assert [isinstance(answer, Failure) for answer in classifier.classify_many([good, bad, good])] == [False, True, False]
    assert not good.closed and not bad.closed


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_every_odd_picture_is_fitted_or_refused(fit, interpolation):
    preprocessing = Preprocessing(channels=1, height=7, width=13, fit=fit, interpolation=interpolation)
    files = (
        [case.data for case in WHOLE.values()][::3]
        + [data for data, _ in REFUSED.values()][::5]
        + [make() for make in EITHER.values()][::4]
    )
    fitted = 0
    for data in files:
        try:
            picture = preprocessing.load(data)
        except UnreadableImage:
            continue
        assert tuple(picture.shape) == (1, 7, 13)
        fitted += 1
    assert fitted >= len(WHOLE) // 3
