"""The end of a run: the kept weights, calibrated, as an artefact in the run folder."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from .. import __version__
from ..classifier import Classifier, answers, validation
from ..classifier import save as save_artefact
from ..datasets.dataset import Dataset
from ..images.decode import decode
from ..images.preprocess import Preprocessing
from ..metrics.accuracy import ranks
from ..metrics.calibration import fit_temperature
from ..runs import mirror
from ..runs.run import Run
from ..runs.trained import Trained
from .compute.training_model import Speed
from .context import TrainingContext
from .validation.reference import reference
from .validation.selection import FEW
from .validation.validate import validate

GOLDEN = 8


def publish(context: TrainingContext, run: Run, decided: Sequence[str] | None = None) -> Trained | None:
    """Fit the temperature of the kept weights on validation, unless validation must not decide anything, and write the artefact.

    `decided` are the choices that validation made (None: those of the recipe).
    """
    recipe, counters, model, splits = context.recipe, context.state.counters, context.state.model, context.splits
    model.load_state_dict(context.state.kept)
    exact = Speed(channels_last=context.speed.channels_last)  # reported scores and the temperature are computed in float32
    logits, labels = validate(context, None, views=recipe.views, speed=exact), context.val.labels
    if not context.group.is_main:
        return None
    temperature = 1.0 if recipe.keep == "last" else fit_temperature(logits, labels)
    n, right = len(labels), int((ranks(logits, labels) == 0).sum())
    chosen = list(_decided(context) if decided is None else decided)
    judged = validation.judged(right, n, chosen + ["temperature"] * (temperature != 1)) if n else None
    crossed = context.held_out.judged() if context.held_out else None
    rate = counters.pictures / max(counters.seconds, 1e-9)
    parameters = sum(p.numel() for p in model.parameters())
    facts = {
        "data": splits.name,
        "recipe": recipe.recipe,
        "seed": recipe.seed,
        "epochs": counters.epoch,
        "best_epoch": counters.best_epoch,
        **({"l2": counters.rows[-1]["l2"]} if recipe.optimizer == "lbfgs" else {}),
        **({"soup": counters.souped} if counters.souped else {}),
        "training_pictures": len(context.train),
        "seconds": round(counters.seconds, 1),
        "speed": context.speed.words,
        **({"skipped_steps": counters.skipped} if counters.skipped else {}),
        "clearsight": __version__,
        **({"validation": judged or crossed} if judged or crossed else {}),
        **({"cross_validation": crossed} if crossed else {}),
        **_answers(context, logits, temperature),
        **({"tuning": dict(context.tuning)} if context.tuning else {}),
        **context.provenance,
    }
    classifier = Classifier(
        model, context.preprocessing, splits.classes, temperature=temperature, architecture=recipe.model, views=recipe.views, facts=facts
    )
    classifier.reference = reference(context, classifier, run, logits)
    save_artefact(classifier, run.folder, golden_samples(splits.parts["val" if n else "train"], context.preprocessing))
    if judged:
        context.log(f"{_kept(context)} kept: validation accuracy {validation.worded(judged)}")
    trained = Trained(
        run.folder, classifier, parameters, counters.epoch, round(counters.seconds, 3), round(rate, 1), judged or crossed, splits
    )
    context.loggers.end(trained.numbers)
    mirror.send(run.folder)
    return trained


def _answers(context: TrainingContext, logits: Tensor, temperature: float) -> dict[str, answers.Answers]:
    """The counts of the answers to validation, or of those of cross-validation where there are no validation pictures."""
    if not len(logits) and context.held_out:
        logits = context.held_out.logits
    return {answers.FACT: answers.counted(logits, temperature)} if len(logits) else {}


def _kept(context: TrainingContext) -> str:
    """Whose weights are kept, in words."""
    counters = context.state.counters
    if context.recipe.optimizer == "lbfgs":
        return f"the head of L2 strength {counters.rows[-1]['l2']:.1e}"
    return f"soup of {counters.souped} epochs" if counters.souped else f"epoch {counters.best_epoch or '0, the solved head,'}"


def promise(context: TrainingContext) -> str:
    """The note on `keep last`: validation decides nothing here, but may have chosen the pretrained weights or the teacher."""
    solved = (
        "cross-validation of the training pictures chooses the strength of L2" if not context.recipe.l2 else "the strength of L2 is given"
    )
    first = solved if context.recipe.optimizer == "lbfgs" else "the last epoch is kept"
    told = f"{first}: the {len(context.val):,} labels of validation measure and decide nothing"
    before = _decided(context)
    return f"{told} here, but {validation.said(before).removeprefix('these pictures ')}" if before else told


def _decided(context: TrainingContext) -> list[str]:
    """The choices that validation made for the kept weights, in the words of `classifier.validation`."""
    recipe, rows = context.recipe, context.state.counters.rows
    before = [name for name in ("start", "teacher") if context.provenance.get(f"{name}_chosen_by_validation_of") == context.splits.name]
    if recipe.keep == "last":
        return before
    if recipe.optimizer == "lbfgs":
        return [*before, *(["l2"] if len(rows) > 1 else [])]
    solved = recipe.tune == "head-then-all"
    found = {
        "epoch": len(rows) > 1 or solved,
        "l2": solved and not recipe.l2 and len(context.val) >= FEW,
        "soup": recipe.soup > 0,
        "learning rate": recipe.schedule == "plateau" and len(rows) > 1,
        "length": recipe.patience > 0 and len(rows) > 1,
    }
    return [*before, *(name for name, true in found.items() if true)]


def golden_samples(images: Dataset, preprocessing: Preprocessing) -> list[np.ndarray]:
    """Images of a split that are stored with the classifier, for `verify`."""
    chosen = np.linspace(0, len(images) - 1, min(GOLDEN, len(images))).astype(int)
    return [decode(images.source(int(i)), channels=preprocessing.channels, reading=preprocessing.reading) for i in chosen]
