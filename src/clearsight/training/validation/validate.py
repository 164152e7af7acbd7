"""Validation: logits and scores of the validation images, and what they decide at the end of an epoch."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ...augment import tta
from ...metrics.accuracy import topk
from ..compute.training_model import Speed, inference
from ..context import TrainingContext
from ..interrupt import Stop
from . import selection


def validate(
    context: TrainingContext, weights: dict[str, Tensor] | None, stop: Stop | None = None, *, views: str = "", speed: Speed | None = None
) -> Tensor:
    """Logits float32 `(n, K)` of all validation images, each computed by one of the processes; raises Interrupted on a signal.

    They are the mean over `views`, and computed as the run's steps are, or with another `speed`.
    """
    # Not classifier.predict, whose batches are other ones: each process has a share, and averaged weights take the place of the model's.
    model, sides = context.state.model, tta.parse(views)
    everything = torch.arange(len(context.val))
    counts = [len(part) for part in everything.tensor_split(context.group.world)]
    batches = context.group.shard(everything).split(max(1, min(512, 2 * context.recipe.batch // context.micro_batches)))
    rows = []
    outputs = inference(model.eval(), weights, speed or context.speed, context.device)
    with torch.inference_mode():
        for pictures in context.val.batches(batches):
            if stop:
                stop.check()
            rows.append(tta.mean(sides, context.inputs(pictures), outputs).cpu())
    empty = torch.empty(0, model.head.out_features)  # type: ignore[union-attr,arg-type]
    return context.group.all_gather(torch.cat(rows) if rows else empty, counts)


def scores(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Mean cross-entropy and top-1 accuracy of logits `(n, K)` on validation, as columns of `results.csv`."""
    return {"val_loss": float(F.cross_entropy(logits, labels)), "val_accuracy": topk(logits, labels, 1)}


def is_due(context: TrainingContext) -> bool:
    """Whether to validate after this epoch: if that decides nothing, only once as many images were trained on as it has."""
    recipe, counters = context.recipe, context.state.counters
    last = counters.rows[-1]["epoch"] if counters.rows else 0
    trained_on = (counters.epoch + 1 - last) * len(context.train)
    return recipe.keep != "last" or counters.epoch + 1 == recipe.epochs or trained_on >= len(context.val)


def out_of_patience(context: TrainingContext) -> bool:
    """Whether validation has not improved for as many epochs as the recipe waits."""
    return 0 < context.recipe.patience <= selection.stale(selection.points(context.state.counters.rows), context.deciding)


def _better(context: TrainingContext, point: selection.Point) -> bool:
    """Whether validation prefers this epoch to the one that is kept."""
    counters = context.state.counters
    kept = selection.kept(counters.rows, counters.best_epoch, counters.best)
    return selection.replaces(point, kept, counters.best, context.deciding)


def close_epoch(context: TrainingContext, facts: dict[str, float]) -> None:
    """Keep the weights if validation finds them the best so far, write the epoch's row with `facts`, begin the next."""
    counters, state = context.state.counters, context.state
    if context.recipe.keep == "last" or _better(context, selection.point(facts)):
        counters.best_epoch = counters.epoch + 1
        state.kept = {name: value.detach().clone() for name, value in (state.averaged or state.model.state_dict()).items()}
    if context.recipe.keep != "last":
        counters.best = max(counters.best, selection.point(facts).accuracy)
    elif "val_accuracy" in facts:
        counters.best = selection.point(facts).accuracy
    counters.rows.append(
        {
            "epoch": counters.epoch + 1,
            **facts,
            "loss": counters.loss / counters.seen,
            "accuracy": counters.correct / counters.seen,
            "pictures_per_second": round(counters.pictures / max(counters.seconds, 1e-9), 1),
            "seconds": round(counters.seconds, 3),
        }
    )
    counters.next_epoch()
