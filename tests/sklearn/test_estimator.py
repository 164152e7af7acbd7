"""ImageClassifier keeps scikit-learn's promises: its own checks, all of them, and what people do with estimators."""

import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import clearsight
from clearsight.sklearn import ImageClassifier

SOLVED = {"model": "pixels", "recipe": "solved"}
ROWS, LABELS = load_digits(return_X_y=True)
PICTURES = np.rint(ROWS.reshape(-1, 8, 8) * 255 / 16).astype(np.uint8)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")  # scikit-learn's, on its own infinities
@parametrize_with_checks([ImageClassifier(**SOLVED, l2=1e-2)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_rows_are_pictures_laid_out():
    rows, squares = ImageClassifier(**SOLVED).fit(ROWS[:300], LABELS[:300]), ImageClassifier(**SOLVED).fit(PICTURES[:300], LABELS[:300])
    theirs = LogisticRegression(C=1 / 300, max_iter=1000).fit(ROWS[:300], LABELS[:300])
    assert rows.classifier_.preprocessing.height == 8
    np.testing.assert_array_equal(rows.predict(ROWS[300:]), squares.predict(PICTURES[300:]))
    assert rows.score(ROWS[300:], LABELS[300:]) > theirs.score(ROWS[300:], LABELS[300:]) - 0.02
    assert rows.predict_proba(ROWS[300:]).shape == (len(ROWS) - 300, 10)


def test_a_network_is_searched_for_in_a_grid():
    names = np.array(["zero", "one", "two"])
    few = LABELS < 3
    grid = GridSearchCV(ImageClassifier(epochs=1, batch=32, speed="plain"), {"model": ["lenet5", "pixels"], "lr": [1e-9, 1e-2]}, cv=2)
    grid.fit(PICTURES[few], names[LABELS[few]])
    assert grid.best_params_["lr"] == 1e-2
    assert set(grid.predict(PICTURES[few])) == set(names)
    assert isinstance(grid.best_estimator_.classifier_, clearsight.Classifier)


def test_it_is_the_last_step_of_a_pipeline():
    found = cross_val_score(make_pipeline(MinMaxScaler(), ImageClassifier(**SOLVED, l2=1e-2)), ROWS[:400], LABELS[:400], cv=2)
    assert found.min() > 0.8


def test_files_of_any_size_are_pictures(tmp_path):
    for i in range(40):
        Image.fromarray(PICTURES[i]).resize((8 + i % 3, 9)).save(tmp_path / f"{i}.png")
    paths = [tmp_path / f"{i}.png" for i in range(40)]
    made = ImageClassifier(**SOLVED, resize="stretch").fit(paths, LABELS[:40] > 4)
    np.testing.assert_array_equal(made.predict(list(map(str, paths))), made.predict(paths))
    assert made.score(paths, LABELS[:40] > 4) > 0.9
    with pytest.raises(clearsight.ClearsightError, match=r"missing\.png"):
        made.predict([tmp_path / "missing.png"])


def test_it_is_cloned_pickled_and_saved(tmp_path):
    made = ImageClassifier(**SOLVED, l2=1e-2, seed=3).fit(PICTURES[:200], LABELS[:200])
    assert clone(made).get_params() == made.get_params()
    again = pickle.loads(pickle.dumps(made))  # noqa: S301 — what joblib does with every estimator
    np.testing.assert_array_equal(again.predict_proba(PICTURES[:50]), made.predict_proba(PICTURES[:50]))
    clearsight.save(made.classifier_, tmp_path / "model", [PICTURES[0]])
    assert clearsight.load(tmp_path / "model").classify(PICTURES[0]).label == str(made.predict(PICTURES[:1])[0])


@pytest.mark.parametrize(("settings", "words"), [({"model": "resnet19"}, "resnet18"), ({"epochs": 0}, "epochs"), ({"head": "mlp"}, "svm")])
def test_a_setting_that_cannot_be_is_a_value_error(settings, words):
    with pytest.raises(ValueError, match=words):
        ImageClassifier(**{**SOLVED, **settings}).fit(PICTURES[:50], LABELS[:50])


def test_every_setting_of_a_recipe_is_a_parameter():
    assert len(ImageClassifier().get_params()) == len(clearsight.Recipe.__dataclass_fields__) - 4
    assert {"resize", "weights", "model", "seed"} < set(ImageClassifier().get_params())
