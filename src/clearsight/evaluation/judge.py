"""`judge`: an evaluation that says which pictures and weights it is of, and what copies of training pictures would have added."""

from dataclasses import replace

from ..classifier import Classifier, validation
from ..classifier.learnt import LEARNT
from ..metrics.intervals import proportion
from .evaluate import Evaluation, evaluate
from .held_out import ALL, UNSEEN, Chosen, stamp
from .uncertainty import NONE_VERIFIED, verified


def judge(
    classifier: Classifier, chosen: Chosen, *, batch_size: int = 0, quiet: bool = False, coverage: float = 0.0, by_class: bool = False
) -> Evaluation:
    """The evaluation of `classifier` on the `chosen` pictures, with its stamp.

    Conformal sets (of the `coverage`, `by_class`, or of 90 and 95 %) are verified where none of the pictures had a part in the training.
    Where some were left out, `with_learnt` is the top-1 accuracy with them, to show by how much it would flatter.
    """
    known = chosen.learnt > 0 or (chosen.own and chosen.part in (*LEARNT, ALL))
    asked = NONE_VERIFIED if known else verified(classifier, coverage, by_class)
    why = validation.reason(classifier.facts) if chosen.own and chosen.part in ("val", ALL, UNSEEN) else ""
    found, facts = evaluate(classifier, chosen.dataset, batch_size=batch_size, no_interval=why, quiet=quiet), stamp(classifier, chosen)
    if len(chosen.left_out):
        others = evaluate(classifier, chosen.left_out, batch_size=batch_size, quiet=quiet)
        n, hits = len(found) + len(others), int(found.right.sum() + others.right.sum())
        facts["with_learnt"] = {"n": n, "top1": proportion(hits, n, why)}
    return replace(found, stamp=facts, verified=asked)
