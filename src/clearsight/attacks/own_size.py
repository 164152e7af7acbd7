"""A classifier of pictures at their own size: the resizing of its preprocessing is a part of what is attacked."""

from typing import Any

import torch
from torch import Tensor

from ..classifier import Classifier
from ..images.decode import decode

MOST_SIDE = 2048  # px; of a larger picture the network's input is attacked, since an attack keeps a dozen copies of it as floats


class AtOwnSize(Classifier):
    """The same classifier, for pictures `(N, C, H, W)` of any one size, uint8 or floats in [0, 1]; differentiable.

    uint8 pictures are resized as for a prediction, so that its answers are those of `classify`. An exported file answers as well; what
    it computes has no gradient.
    """

    def __init__(self, classifier: Classifier) -> None:
        vars(self).update(vars(classifier))
        self._whole = classifier

    def inputs(self, pictures: Tensor) -> Tensor:
        """The network's inputs for pictures of any size."""
        return super().inputs(self.preprocessing.fit_batch(pictures))

    def scores(self, pictures: Tensor) -> Tensor:
        """Class scores, float32 `(N, K)`; of another engine than torch they are its own for the fitted pictures."""
        if self.engine == "torch":
            return super().scores(pictures)
        return self._whole.scores(self.preprocessing.fit_batch(pictures))


def own_size(classifier: Classifier, source: Any) -> Tensor:
    """The whole picture in `source` (any input of `decode`), uint8 `(C, H, W)`; fitted, where a side has more than 2,048 px.

    Raises UnreadableImage.
    """
    preprocessing = classifier.preprocessing
    picture = decode(source, channels=preprocessing.channels, reading=preprocessing.reading)
    if max(picture.shape[:2]) > MOST_SIDE:
        return preprocessing.fit_picture(picture)
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)
