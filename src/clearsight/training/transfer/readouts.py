"""What a new head on trained weights reads, and its L2 strength: chosen by cross-validation before the network is built."""

import dataclasses
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import weights
from ...base.compute.device import pick_device
from ...base.errors import UsageError
from ...base.randomness import permutation
from ...classifier import validation
from ...datasets.split import together
from ...heads.choice import UNJUDGED, Choice, choose
from ...heads.lbfgs import Problem
from ...heads.self_training import out_of_fold
from ...models.readout import Readout, parted
from ...recipes.methods import MEANS
from ...recipes.recipe import Recipe
from ...runs.held_out import HeldOut
from ..build import Loaded, class_weights
from ..context import NO_LABEL, Vectors
from ..interrupt import Stop
from .pretrained import Start
from .vectors import Extraction, vectors

SAMPLE = 4096  # pictures that the choice is made on; on more of them it is the same, and takes longer
MOST = 100_000  # pictures up to which the vectors of every readout are computed: they take 2 GB


def choose_readout(
    recipe: Recipe, loaded: Loaded, start: Start | None, log: Callable[[str], None], quiet: bool
) -> tuple[Recipe, HeldOut | None, Vectors | None]:
    """The recipe with its readout and, unless validation chooses it or it is given, the strength of its L2; the answers held out; and
    the vectors of the labelled training images, unless there are too many for all readouts.

    A recipe that asks for no readout stays as it is. One that learns from pictures without a label by class means stays so unless labels
    held out are answered worse. Raises UsageError for a network without such a readout, Interrupted on a signal.
    """
    if start is None or not recipe.readout:
        return recipe, None, None
    begun = time.perf_counter()
    how = Extraction.of(recipe, _network(recipe, loaded, start), loaded.preprocessing, pick_device(recipe.device), quiet, log)
    words = how.words if recipe.readout == "auto" else (recipe.readout,)
    labelled = torch.nonzero(loaded.train.labels >= 0)[:, 0]
    n = len(labelled)
    sample = permutation(recipe.seed, -6, n)[:SAMPLE].sort().values
    with Stop() as stop:
        places = labelled[sample]
        without = torch.nonzero(loaded.train.labels < 0)[:, 0] if recipe.unlabelled == MEANS and n <= SAMPLE else labelled[:0]
        every = vectors(how, loaded.train, labelled if n <= MOST else places, stop)
        others = vectors(how, loaded.train, without, stop, "features without labels")
        seconds = time.perf_counter() - begun
        readouts = {word: every[word][sample.to(how.device)] if n <= MOST else every[word] for word in words}
        groups = torch.unique(torch.from_numpy(together(loaded.splits.parts["train"]))[places], return_inverse=True)[1]
        found = _chosen(readouts, recipe, loaded, places, groups, stop)
    both = torch.cat([every[words[-1]], others[words[-1]]]) if len(without) else others[words[-1]]
    means = _by_means(found, words[-1], both, recipe, loaded, groups, log) if len(without) else None
    found, recipe = means or found, dataclasses.replace(recipe, unlabelled=MEANS if means else "")
    computed = Vectors(both if means else every[found.name], seconds) if n <= MOST else None
    l2 = recipe.l2 or (found.l2 * len(places) / n if recipe.keep == "last" else 0.0)
    made = dataclasses.replace(recipe, model=f"{parted(recipe.model)[0]}+{found.name}", readout=found.name, l2=l2, resize_head=True)
    held_out = HeldOut(places, loaded.train.labels[places], found.logits, groups) if len(found.logits) else None
    log(_said(found, words, held_out))
    return made, held_out, computed


def _said(found: Choice, words: tuple[str, ...], held_out: HeldOut | None) -> str:
    if held_out is None:
        return f"readout {found.name}: one label of each class leaves nothing to choose by"
    judged = validation.worded(held_out.judged())
    chosen = f"chosen by cross-validation of {len(held_out.labels):,} pictures: accuracy {judged}"
    return f"readout {found.name} (of {', '.join(words)}), l2 {found.l2:.1e}, {chosen}"


def _chosen(readouts: dict[str, Tensor], recipe: Recipe, loaded: Loaded, places: Tensor, groups: Tensor, stop: Stop) -> Choice:
    """The choice among readouts float32 `(n, D)` of the training images at `places` `(n,)`, the `groups` `(n,)` held out together."""
    data, labels = loaded.splits.parts["train"], loaded.train.labels[places]
    counts = class_weights(recipe, data)[labels] if recipe.class_weights != "none" else None
    return choose(readouts, labels, len(loaded.splits.classes), counts=counts, groups=groups, seed=recipe.seed, check=stop.check)


def _by_means(
    found: Choice, word: str, table: Tensor, recipe: Recipe, loaded: Loaded, groups: Tensor, log: Callable[[str], None]
) -> Choice | None:
    """The head that learns from class means too, on the readout `word`, float32 `(N, D)`, of the labelled pictures, then the others.

    None where labels are held out and the head that was `found` answers them with a lower loss.
    """
    known, classes = loaded.train.labels[loaded.train.labels >= 0], len(loaded.splits.classes)
    n = len(table) - len(known)
    labels = torch.cat([known, torch.full((n,), NO_LABEL)]).to(table.device)
    said = f"{n:,} pictures without a label got the class of the nearest mean (--unlabelled means)"
    logits = out_of_fold(table, labels, classes, groups, recipe.seed) if len(found.logits) else found.logits
    if len(logits):
        before, after = (float(F.cross_entropy(some, known.cpu())) for some in (found.logits, logits))
        said += f": log loss of labels held out {after:.3f}, without these pictures {before:.3f}"
        if after > before:
            log(f"{said}; they are not used")
            return None
    log(said)
    return Choice(word, UNJUDGED * Problem(table.clone(), labels, classes).spread, logits)


def _network(recipe: Recipe, loaded: Loaded, start: Start) -> Readout:
    """The network of a readout with the trained weights, in evaluation mode: of `stages` where it has them."""
    base = parted(recipe.model)[0]
    if base.startswith("timm:"):
        raise UsageError(f"--readout is for the networks of `clearsight models`, and {base} is one of timm's: leave it out.")
    wanted = ["stages"] if recipe.readout == "stages" else ["stages", "unit"]  # stages compute the other readouts along with their own
    size = {"channels": recipe.channels, "height": recipe.size, "width": recipe.size}
    for word in wanted:
        named = dataclasses.replace(recipe, model=f"{base}+{word}", resize_head=True)
        try:
            network = weights.build(named.model, len(loaded.splits.classes), **size, seed=0)
        except UsageError:
            if word == wanted[-1]:
                raise
            continue
        network.load_state_dict(start.values(named, loaded.splits.classes), strict=False)
        break
    assert isinstance(network, Readout)
    return network.eval()
