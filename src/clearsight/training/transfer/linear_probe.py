"""Training of the head alone (linear probe): features once, then softmax regression along a path of L2 strengths.

Each strength begins where the one before it ended and takes the place of an epoch: it is judged on validation, has its row and
its checkpoint, and the best is kept. So "retrain only the last layer", the linear probe, and softmax regression on pixels or
on features designed by hand are one thing.
"""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...base.compute.precision import halved
from ...base.errors import UsageError
from ...base.progress import Progress, duration
from ...classifier.speed.folding import folded
from ...datasets.loader import Pictures
from ...heads.cross_validation import STEP, STRONGEST, strength
from ...heads.lbfgs import Problem, Solution, solve
from ...heads.self_training import labelled_by_means
from ...models.base import Model
from ...models.readout import Readout
from ...recipes.methods import MEANS
from ..context import TrainingContext
from ..interrupt import Interrupted, Stop
from ..optim.optimizer import SGD
from ..storage.checkpoint import State
from ..validation.features import FeatureExtractor, feature_batches
from ..validation.selection import FEW
from ..validation.validate import close_epoch, out_of_patience, scores
from .freezing import NORMS
from .vectors import Extraction, vectors

STRENGTHS, PATIENCE = 11, 3  # as the recipe `solved`
STEP_COST = 3  # times the arithmetic of a picture's features: forward, and backward by weights and by inputs


def fit(context: TrainingContext, save: Callable[[], None], on_epoch: Callable[[], None], stop: Stop) -> None:
    """Solve the head for one strength after the other, to the recipe's last or until patience runs out; `save` writes a checkpoint.

    Raises Interrupted (after saving) when asked to stop, UsageError in several processes.
    """
    if context.group.world > 1:
        raise UsageError("--optimizer lbfgs solves in one process: start it without torchrun.")
    try:
        _fit(context, save, on_epoch, stop)
    except Interrupted:
        save()
        raise


def solve_head(context: TrainingContext, again: str) -> None:
    """Fit the head of a network trained by another objective: without rows and checkpoints, since a resumed run fits it again."""
    try:
        with Stop() as stop:
            _fit(context, lambda: None, lambda: None, stop)
    except Interrupted as stopped:
        raise Interrupted(stopped.number, again) from None


def solve_first(context: TrainingContext, on_epoch: Callable[[], None], stop: Stop) -> None:
    """Solve the head before the first step; validation keeps it until an epoch is better. Solved again, it is the same, bit for bit.

    It has a row, that of epoch 0, and a line on how long the epochs take.
    """
    if context.group.world > 1:
        raise UsageError("--tune head-then-all solves the head in one process: start it without torchrun.")
    recipe = dataclasses.replace(context.recipe, optimizer="lbfgs", epochs=STRENGTHS, patience=PATIENCE)
    state = State(context.state.model, SGD([]))
    _fit(dataclasses.replace(context, recipe=recipe, state=state), lambda: None, lambda: None, stop)
    counters, row = context.state.counters, state.counters.rows[-1]
    counters.seconds += state.counters.seconds
    epochs = context.recipe.epochs
    every = epochs * (STEP_COST * len(context.train) + len(context.val)) / max(row["pictures_per_second"], 1e-9)
    context.log(
        f"head solved in {duration(counters.seconds)}: validation accuracy {row['val_accuracy']:.2%}. {epochs} epoch{'s' * (epochs > 1)} "
        f"of the network follow, about {duration(every)} at the speed of its features; interrupt at any time, and --resume continues"
    )
    if not context.perturbation:  # adversarial training compares epochs by robust accuracy
        context.state.kept, counters.best = state.kept, row["val_accuracy"]
        names = ("val_loss", "val_accuracy", "loss", "accuracy", "pictures_per_second", "seconds")
        counters.rows.append({"epoch": 0, "lr": 0.0, **{name: row[name] for name in names}})
        on_epoch()


def _fit(context: TrainingContext, save: Callable[[], None], on_epoch: Callable[[], None], stop: Stop) -> None:
    recipe, counters, head = context.recipe, context.state.counters, cast(Model, context.state.model).head
    begun = time.perf_counter()
    pictures, labels, counts, before = _learnt_from(context, stop)
    asked = _features(context, context.val, torch.arange(len(context.val)), "validation features", stop)
    counters.pictures, counters.seconds = len(labels) + len(context.val), counters.seconds + before + time.perf_counter() - begun
    problem = Problem(pictures, labels, len(context.class_weights), counts, recipe.head, head.bias is not None)

    strengths = [STRONGEST * problem.spread * STEP**k for k in range(recipe.epochs)]
    path = _Path(context, problem, asked, save, on_epoch, stop)
    while counters.epoch < recipe.epochs and not (_alone(context) or out_of_patience(context) or _over(context) or _chosen(context)):
        path.solve(strengths[counters.epoch], rough=True)
    if not _chosen(context):
        if _alone(context):
            l2 = recipe.l2 or _by_folds(context, pictures, labels, counts, strengths, stop)
        else:
            l2 = counters.rows[counters.best_epoch - 1]["l2"]
        if counters.rows:
            context.state.model.load_state_dict(context.state.kept)
        counters.best = -1.0  # the precise optimum is kept even if validation finds its last digits worse
        path.solve(l2)


def _learnt_from(context: TrainingContext, stop: Stop) -> tuple[Tensor, Tensor, Tensor | None, float]:
    """Features `(N, D)`, labels `(N,)` and weights `(N,)` of the pictures that the head is solved on, and the seconds spent on them before.

    Labelled pictures come first, in batches of their own, since the last bits of their features depend on the batch.
    """
    recipe, known = context.recipe, context.train.labels >= 0
    means = recipe.unlabelled == MEANS
    used = [torch.nonzero(side)[:, 0] for side in ((known, ~known) if means else (known,))]
    if context.vectors is None:
        parts = [_features(context, context.train, some, "features", stop) for some in used]
        pictures, before = torch.cat(parts) if means else parts[0], 0.0
    else:  # a copy, since solving may centre it
        pictures, before = context.vectors.table.clone(), context.vectors.seconds
    labels = context.train.labels[torch.cat(used)].to(context.device)
    counts = context.class_weights[labels] if recipe.class_weights != "none" else None
    if means:
        labels, counts = labelled_by_means(pictures, labels, len(context.class_weights))
    return pictures, labels, counts, before


@dataclass
class _Path:
    """The heads of one problem, solved for one strength of L2 after the other; `asked` are the features of validation `(n, D)`."""

    context: TrainingContext
    problem: Problem
    asked: Tensor
    save: Callable[[], None]
    on_epoch: Callable[[], None]
    stop: Stop
    saved: float = field(default_factory=time.monotonic)  # when the last checkpoint was written

    def solve(self, l2: float, rough: bool = False) -> None:
        """Solve the head for `l2`, judge it as an epoch, and save it if it is the last or the last checkpoint is old."""
        context, begun = self.context, time.perf_counter()
        counters, head = context.state.counters, cast(Model, context.state.model).head
        # from the head's own numbers, so that a resumed run begins at the very same place
        bias = torch.zeros(len(head.weight)).to(head.weight) if head.bias is None else head.bias.detach()
        stands = Solution(head.weight.detach().double(), bias.double()) if counters.rows else None
        found = solve(self.problem, l2, stands, rough, self.stop.check)
        with torch.no_grad():
            head.weight.copy_(found.weight)
            if head.bias is not None:  # torch's type hints do not allow for None
                head.bias.copy_(found.bias)
        counters.seconds += time.perf_counter() - begun
        _close(context, self.problem, self.asked, l2, found)
        self.on_epoch()
        # of a large network a file takes longer than a strength
        if _chosen(context) or time.monotonic() - self.saved > 60 * context.recipe.checkpoint_minutes:
            self.save()
            self.saved = time.monotonic()


def _alone(context: TrainingContext) -> bool:
    """Whether there is no path that validation judges: one strength is given, or validation decides nothing, or has too few pictures."""
    return context.recipe.l2 > 0 or context.recipe.keep == "last" or len(context.val) < FEW


def _chosen(context: TrainingContext) -> bool:
    """Whether the last row is the precise solution: the only one whose strength does not fall."""
    strengths = [row["l2"] for row in context.state.counters.rows]
    return bool(strengths) and (_alone(context) or strengths[-1] in strengths[:-1])


def _by_folds(
    context: TrainingContext, pictures: Tensor, labels: Tensor, counts: Tensor | None, strengths: list[float], stop: Stop
) -> float:
    """The strength that the labels themselves choose, for features `(N, D)`."""
    recipe, head = context.recipe, cast(Model, context.state.model).head
    return strength(
        pictures,
        labels,
        len(head.weight),
        strengths,
        seed=recipe.seed,
        counts=counts,
        head=recipe.head,
        bias=head.bias is not None,
        patience=recipe.patience,
        check=stop.check,
    )


@torch.no_grad()
def _features(context: TrainingContext, pictures: Pictures, wanted: Tensor, label: str, stop: Stop) -> Tensor:
    """The feature vectors float32 `(N, D)` of the `pictures` at `wanted` (N,), on the device, in evaluation mode."""
    network = context.state.model
    if isinstance(network, Readout):
        how = Extraction.of(context.recipe, network, context.preprocessing, context.device, context.quiet, context.log)
        return vectors(how, pictures, wanted, stop, label)[network.word]
    kept, done = torch.empty(0), 0
    with Progress(label, len(wanted), quiet=context.quiet) as progress:
        for found in feature_batches(context, _extractor(context), pictures, wanted, stop):
            if not len(kept):
                kept = torch.empty(len(wanted), found.shape[1], device=context.device)
            kept[done : done + len(found)] = found
            done += len(found)
            progress.update(len(found))
    return kept


def _extractor(context: TrainingContext) -> nn.Module:
    """The network without its head at the run's speed, batch norms folded into the layers before them."""
    body: nn.Module = FeatureExtractor(cast(Model, context.state.model)).eval()
    if any(isinstance(module, NORMS) for module in body.modules()):
        body = folded(body)
    half = context.speed.bf16 and context.device.type == "cpu"
    body = halved(body, ()) if half else body
    body.to(memory_format=context.speed.memory_format)  # type: ignore[call-overload]
    return body


def _close(context: TrainingContext, problem: Problem, asked: Tensor, l2: float, found: Solution) -> None:
    """Judge a solution as an epoch is judged."""
    counters, head = context.state.counters, cast(Model, context.state.model).head
    n = len(problem.labels)
    with torch.inference_mode():
        loss, correct = problem.judged(found)
        judged = scores(F.linear(asked, head.weight, head.bias).cpu(), context.val.labels) if len(asked) else {}
    if not len(asked) and context.held_out:  # cross-validation takes validation's place
        judged = scores(context.held_out.logits, context.held_out.labels)
    counters.loss, counters.correct, counters.seen = loss * n, correct, n
    facts = {"l2": l2, "objective": found.value, "gradient_norm": found.gradient_norm, "evaluations": found.evaluations}
    close_epoch(context, facts | judged)


def _over(context: TrainingContext) -> bool:
    return 0 < 60 * context.recipe.minutes < context.state.counters.seconds
