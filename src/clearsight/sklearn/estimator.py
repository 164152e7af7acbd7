"""`ImageClassifier`: fit, predict, predict_proba and score over any network and any recipe."""

import dataclasses
import math
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d, validate_data

from ..base.errors import ClearsightError
from ..classifier import predict
from ..datasets.dataset import Dataset, Parts, objects
from ..datasets.loader import load
from ..recipes.recipe import Recipe
from ..training.api import train

# Settings that are called otherwise here: `fit` is a method, and a name that ends in _ is what `fit` has found.
RENAMED = {"fit": "resize", "from_": "weights"}
WITHOUT = ("test", "group_by", "columns", "leave_out")  # all that `fit` gets is to train on and to validate with
# Every other setting of a recipe is a parameter of the constructor.
SETTINGS = {RENAMED.get(field.name, field.name): field.name for field in dataclasses.fields(Recipe) if field.name not in WITHOUT}
_Settings: Any = dataclasses.make_dataclass(
    "_Settings", [(name, Any, dataclasses.field(default=None)) for name in SETTINGS], eq=False, repr=False
)


class ImageClassifier(ClassifierMixin, BaseEstimator, _Settings):  # type: ignore[misc]
    """A picture classifier by any of Clearsight's networks; its parameters are the fields of `Recipe`, None for the recipe's own.

    Two have other names: `resize` is `fit` (crop, pad or stretch), `weights` is `from_` (trained weights to start from).

    Pictures `X` are an array `(N, H, W)` or `(N, H, W, C)`, N paths, or rows of pixels `(N, D)`, which are laid out in the smallest
    square that holds them. Numbers other than uint8 are brought to 256 levels between the least and the largest that `fit` saw.
    Part of what `fit` gets is held back to choose the epoch, the strength of L2 and the temperature (`val`).

    After `fit`: `classes_`, `n_iter_` (epochs) and `classifier_`, a `Classifier` that can be saved, looked into and attacked.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train on pictures `X` with labels `y` (N,), numbers or strings; raises ValueError for what cannot be trained on."""
        X = self._checked(X, reset=True)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if X.dtype != np.uint8 and X.dtype != object:
            self.range_ = float(X.min()), float(X.max())
        table = tuple(str(label) for label in self.classes_)
        parts = Parts("fitted", table, {"train": self._dataset(X, table, labels.astype(np.int64))})
        given = {SETTINGS[name]: value for name, value in self.get_params().items() if value is not None}
        with tempfile.TemporaryDirectory() as folder:
            try:
                made = train(parts, out=str(Path(folder) / "run"), quiet=True, **given)
            except ClearsightError as error:
                raise ValueError(str(error)) from error
        if made is None:
            raise ValueError("scikit-learn's estimator trains in one process: start it without torchrun.")
        self.classifier_, self.n_iter_ = made.classifier, made.epochs
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Calibrated probabilities of the classes in the order of `classes_`, `(N, K)`."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        classifier = self.classifier_
        data = self._dataset(X, classifier.classes, np.zeros(len(X), np.int64))
        pictures = load(data, classifier.preprocessing, cache="off", quiet=True)
        found = predict.probabilities(classifier, pictures).double()
        return (found / found.sum(1, keepdim=True)).numpy()

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of each picture, `(N,)`."""
        check_is_fitted(self)
        found: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(1)]
        return found

    def __sklearn_tags__(self) -> Tags:
        """Rows, pictures and names of files are taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = tags.input_tags.string = True
        return tags

    def _checked(self, X: Any, reset: bool) -> NDArray[Any]:
        """Paths as objects (N,), rows (N, D) or pictures (N, H, W) or (N, H, W, C) of finite numbers; raises ValueError, TypeError."""
        if _are_paths(X):
            return objects(map(str, X))
        least = 2 if reset else 1  # one to train on, one to validate with
        array: NDArray[Any] = check_array(X, allow_nd=True, estimator=self, ensure_min_samples=least)
        if array.ndim > 2:
            return array
        rows: NDArray[Any] = validate_data(self, X, reset=reset, ensure_min_samples=least)
        return rows

    def _dataset(self, X: NDArray[Any], classes: tuple[str, ...], labels: NDArray[np.int64]) -> Dataset:
        names = objects(map(str, range(len(X))))
        if X.dtype == object:
            return Dataset(classes, labels, names, root=Path(), paths=X)
        return Dataset(classes, labels, names, pictures=_squares(self._levels(X)))

    def _levels(self, X: NDArray[Any]) -> NDArray[np.uint8]:
        if X.dtype == np.uint8:
            return X
        low, high = self.range_
        return np.rint((X.astype(np.float64).clip(low, high) - low) * (255 / ((high - low) or 1))).astype(np.uint8)


def _are_paths(X: Any) -> bool:
    return getattr(X, "ndim", 1) == 1 and isinstance(X, Iterable) and isinstance(next(iter(X), None), str | Path)


def _squares(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows `(N, D)` as squares `(N, S, S)`, black where there is nothing; pictures as they are."""
    if pictures.ndim > 2:
        return pictures
    side = math.isqrt(pictures.shape[1] - 1) + 1
    return np.pad(pictures, ((0, 0), (0, side * side - pictures.shape[1]))).reshape(-1, side, side)
