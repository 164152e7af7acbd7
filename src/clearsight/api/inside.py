"""`explain` and `recompute`: one answer, and one number of a network, taken apart."""

from dataclasses import replace
from typing import Any

from torch import nn

from ..classifier import Classifier
from ..look.target import Subject, subject
from ..look.unit import Recomputation, recompute_unit
from ..look.why import Explanation
from ..look.why import explain as explain_input
from ..runs.trained import Trained
from . import pages  # noqa: F401 — so that results are saved as figures
from .sources import Model, open_model


def explain(
    model: Model, picture: Any, method: str = "grad-cam", *, label: str = "", against: str = "", layer: str = "", checks: bool = True,
    allow_code: bool = False,
) -> Explanation:  # fmt: skip
    """The pixels of a picture that raise the score of a class, as a heat map `(H, W)`, and checks of whether the map can be trusted.

    `picture` is a path, bytes, a PIL image or an array; `method` a name of `clearsight.look.why.METHODS`; `label` the class (default: the
    predicted one); with `against` the map is why that class and not this one; `layer` is for the methods that read a layer. Raises
    UsageError, ClearsightError where the method is not defined for the network. R. Selvaraju et al., Grad-CAM, 2017.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="lenet5", epochs=1, quiet=True)
    >>> found = cs.explain(run, cs.open_dataset("digits")["test"].source(0), "saliency", checks=False)
    >>> tuple(found.heat.shape) == (run.classifier.preprocessing.height, run.classifier.preprocessing.width)
    True
    """
    target = _subject(model, allow_code)
    found = explain_input(target, target.inputs(picture), method, label, layer, checks, against)
    return replace(found, subject=target, picture=target.preprocessing.load(picture))


def recompute(
    model: Model, picture: Any, *, layer: str, channel: int, at: tuple[int, ...] | None = None, allow_code: bool = False
) -> Recomputation:
    """One number of a network for a picture, computed again in float64 from the numbers it is made of, and compared.

    `layer` is a name of `clearsight look summary`, `channel` counts from 0, `at` is (row, column), or (token,); the centre without.
    Raises UsageError for a unit that does not exist, ClearsightError for an operation without a rule.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="lenet5", epochs=1, quiet=True)
    >>> picture = cs.open_dataset("digits")["test"].source(0)
    >>> layer = next(name for name, module in run.classifier.model.named_modules() if type(module).__name__ == "Conv2d")
    >>> cs.recompute(run, picture, layer=layer, channel=2).equal
    True
    """
    target = _subject(model, allow_code)
    net: nn.Module = target.model
    return recompute_unit(net, target.inputs(picture), layer, channel, at)


def _subject(model: Model, allow_code: bool) -> Subject:
    """The network to inspect: of a model, or by name with its first weights."""
    if isinstance(model, (Classifier, Trained)) or allow_code:
        found = open_model(model, allow_code=allow_code)
        classifier = found.classifier
        return Subject(found.folder or "classifier", classifier.model, classifier.preprocessing, True, classifier.classes)
    return subject(str(model))
