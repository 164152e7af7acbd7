"""Augmentation as a figure that lives: changed copies of one picture, judged by a person first and then by the network."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...augment.op import Op
from ...augment.registry import row_of
from ...classifier import Classifier
from ...look.augmented import examples, written
from .page import Live
from .picture import png

LEAD = "As long as a human can classify the image, the CNN should be able to do too: which changes keep the label?"
COPIES = 5


def live_augment(classifier: Classifier, picture: Tensor, ops: Sequence[Op], seed: int = 0) -> Live:
    """Five changed copies of a picture, uint8 `(C, H, W)`, for each change, with the classifier's answers."""
    first = classifier.probabilities(picture[None])[0].cpu()
    best = int(first.argmax())
    rows = []
    for op in ops:
        made = examples(op, picture, torch.tensor([0]), seed, COPIES)
        p = classifier.probabilities(made).cpu()
        copies = [
            {
                "picture": png(_seen(one)),
                "label": classifier.classes[int(q.argmax())],
                "confidence": float(q.max()),
                "same": int(q.argmax()) == best,
            }
            for one, q in zip(made, p, strict=True)
        ]
        rows.append({"change": written(op), "meaning": row_of(op).meaning, "copies": copies})
    data = {"label": classifier.classes[best], "confidence": float(first[best]), "picture": png(_seen(picture)), "rows": rows}
    return Live("augment", "You against the network", LEAD, data)


def _seen(picture: Tensor) -> Tensor:
    return picture[0] if len(picture) == 1 else picture.permute(1, 2, 0)
