"""`evaluate`, `compare`, `attack`, `stress`: a model and labelled pictures in, figures with their intervals out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import torch
from torch import Tensor

from ..attacks.attack import AttackResult
from ..attacks.attack import attack as attack_pictures
from ..attacks.options import AttackOptions, AttackSettings, Method
from ..base.errors import UsageError, unknown
from ..base.randomness import permutation
from ..classifier import Classifier
from ..datasets.classes import places
from ..datasets.loader import load
from ..datasets.split import align
from ..evaluation.compare import Comparison
from ..evaluation.compare import compare as compare_evaluations
from ..evaluation.evaluate import Evaluation
from ..evaluation.evaluate import evaluate as evaluate_dataset
from ..evaluation.held_out import Chosen, choose, stamp
from ..evaluation.judge import judge
from ..evaluation.stress import StressResult
from ..evaluation.stress import stress as stress_dataset
from ..recipes.compose import saved
from . import pages  # noqa: F401 — so that results are saved as figures and pages
from .sources import Data, Model, data_of, open_model


def evaluate(
    model: Model,
    data: Data | None = None,
    *,
    split: str = "test",
    coverage: float = 0.0,
    by_class: bool = False,
    views: str | None = None,
    batch_size: int = 0,
    speed: str = "auto",
    engine: str = "",
    device: str = "auto",
    quiet: bool = False,
    allow_code: bool = False,
) -> Evaluation:
    """Accuracy with 95 % intervals, calibration and confusions of a model on pictures that it has not learnt from.

    Without `data` these are the test pictures of the data it was trained on. Training pictures among the data are left out, unless
    `split` asks for them. Conformal sets are verified at 90 and 95 %, or at one `coverage` such as 0.99, `by_class` within each class.
    `engine` computes the network: torch, onnx or openvino. Raises ClearsightError, UsageError when no picture is left.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> found = cs.evaluate(run, quiet=True)
    >>> len(found), found.top(1)["value"] > 0.5
    (382, True)
    """
    opened = open_model(model, device=device, allow_code=allow_code, engine=engine, quiet=quiet)
    classifier = opened.classifier.faster(speed)
    classifier = classifier if views is None else classifier.viewed(views)
    chosen = choose(opened.folder, data_of(model, data, split), split, quiet=quiet)
    return judge(classifier, chosen, batch_size=batch_size, quiet=quiet, coverage=coverage, by_class=by_class)


def compare(
    a: Model | Evaluation,
    b: Model | Evaluation,
    data: Data | None = None,
    *,
    split: str = "test",
    batch_size: int = 0,
    speed: str = "auto",
    device: str = "auto",
    quiet: bool = False,
    allow_code: bool = False,
) -> Comparison:
    """B minus A in accuracy on the same pictures, with a paired 95 % interval and McNemar's exact test.

    `a` and `b` are two models, or two evaluations of the same pictures. Without `data` the pictures are A's own test pictures; those
    that either has learnt from are left out. Raises UsageError when the pictures or their classes differ.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> cs.compare(run, run, quiet=True).difference["value"]
    0.0
    """
    if isinstance(a, Evaluation) and isinstance(b, Evaluation):
        return compare_evaluations(a, b)
    if isinstance(a, Evaluation) or isinstance(b, Evaluation):
        raise UsageError("compare takes two models or two evaluations, not one of each.")
    both = [open_model(model, device=device, allow_code=allow_code) for model in (a, b)]
    chosen = choose(both[0].folder, data_of(a, data, split), split, others=[both[1].folder], quiet=quiet)
    fast = [opened.classifier.faster(speed) for opened in both]
    found = compare_evaluations(*(evaluate_dataset(one, chosen.dataset, batch_size=batch_size, quiet=quiet) for one in fast))
    weights = [classifier.weights_digest for classifier in fast]
    engines = " and ".join(dict.fromkeys(classifier.engine for classifier in fast))
    return replace(found, stamp=stamp(fast[0], chosen) | {"weights": weights, "engine": engines})


def attack(
    model: Model,
    data: Data | None = None,
    method: Method | None = None,
    options: AttackOptions | None = None,
    *,
    split: str = "test",
    n: int = 1000,
    target: str = "",
    source: Model | None = None,
    device: str = "auto",
    allow_code: bool = False,
    **settings: Unpack[AttackSettings],
) -> AttackResult:
    """Accuracy of a model on `n` pictures, each changed by at most `epsilon` (in units of [0, 1]) so that the model misses it.

    `method` (default: that of `options`, `pgd`) is a name of `clearsight.attacks.names()` or a function of your own; `target` is a class
    to be mistaken for; `source` another model whose gradients are used (a transfer attack). `settings` are fields of `AttackOptions`,
    laid over `options`. Raises UsageError.
    I. Goodfellow et al., Explaining and harnessing adversarial examples, 2015; A. Madry et al., 2018.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> found = cs.attack(run, method="fgsm", epsilon=0.1, n=20, curve=False, check=False)
    >>> bool(found.robust.sum() < found.clean.sum())
    True
    """
    opened = open_model(model, device=device, allow_code=allow_code)
    chosen_options = replace(options or AttackOptions(), **settings)
    if method is not None:
        chosen_options = replace(chosen_options, method=method)
    chosen = choose(opened.folder, data_of(model, data, split), split, quiet=chosen_options.quiet)
    pictures, labels = _drawn(opened.classifier, chosen, n, chosen_options.seed, chosen_options.quiet)
    if target:
        chosen_options = replace(chosen_options, target=_class(opened.classifier, target))
    if source is not None:
        chosen_options = replace(chosen_options, source=open_model(source, device=device, allow_code=allow_code).classifier)
    found = attack_pictures(opened.classifier, pictures, labels, chosen_options)
    return replace(found, stamp=stamp(opened.classifier, chosen))


def stress(
    model: Model,
    data: Data | None = None,
    *,
    split: str = "test",
    n: int = 1000,
    severities: Sequence[int] = (1, 2, 3, 4, 5),
    only: Sequence[str] = (),
    mask_folder: str | Path | None = None,
    seed: int = 0,
    batch_size: int = 0,
    speed: str = "auto",
    engine: str = "",
    device: str = "auto",
    quiet: bool = False,
    allow_code: bool = False,
) -> StressResult:
    """Accuracy of a model on `n` pictures under common corruptions and challenges of rising strength, and what it may have learnt instead.

    `only` names tests or groups of tests (`noise`, `rotation`, `places`; all without); below `mask_folder` are pictures named as those
    judged, white where the object is; `engine` as of `evaluate`. Raises UsageError.
    D. Hendrycks, T. Dietterich, Benchmarking neural network robustness, 2019.

    >>> import clearsight as cs
    >>> run = cs.train("digits", model="pixels", epochs=1, quiet=True)
    >>> found = cs.stress(run, n=50, severities=[3], only=["gaussian_noise"], quiet=True)
    >>> tuple(row["name"] for row in found.corruptions)
    ('gaussian_noise',)
    """
    opened = open_model(model, device=device, allow_code=allow_code, engine=engine, quiet=quiet)
    fast = opened.classifier.faster(speed)
    chosen = choose(opened.folder, data_of(model, data, split), split, quiet=quiet)
    recipe = Path(opened.folder or "/nowhere") / "recipe.toml"
    found = stress_dataset(
        opened.classifier,
        chosen.dataset,
        n=n,
        severities=severities,
        only=only,
        augment=saved(recipe).augment if recipe.is_file() else None,
        mask_folder=None if mask_folder is None else Path(mask_folder),
        seed=seed,
        batch_size=batch_size,
        speed=fast.speed,
        quiet=quiet,
    )
    return replace(found, stamp=stamp(fast, chosen))


def _drawn(classifier: Classifier, chosen: Chosen, n: int, seed: int, quiet: bool) -> tuple[Tensor, Tensor]:
    """Up to `n` fitted pictures uint8 `(n, C, H, W)` and their labels int64 `(n,)` in the classifier's table."""
    pictures = load(align(chosen.dataset, classifier.classes), classifier.preprocessing, quiet=quiet)
    picked: torch.Tensor = permutation(seed, 0, len(pictures))[:n]
    return pictures.batch(picked), pictures.labels[picked]


def _class(classifier: Classifier, name: str) -> int:
    place = int(places([name], classifier.classes)[0])
    if place < 0:
        raise unknown("class", name, classifier.classes)
    return place
