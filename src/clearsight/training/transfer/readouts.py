"""What a new head on trained weights reads, and its L2 strength: chosen by cross-validation before the network is built."""

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ... import weights
from ...augment import tta
from ...base.compute.device import pick_device
from ...base.errors import UsageError
from ...base.progress import Progress
from ...base.randomness import permutation
from ...classifier import validation
from ...datasets.split import together
from ...heads.choice import choose
from ...models.readout import Readout, kept_maps, parted, rooted
from ...recipes.recipe import Recipe
from ...runs.held_out import HeldOut
from ..build import Loaded
from ..interrupt import Stop
from .pretrained import Start

BATCH = 64
SAMPLE = 4096  # pictures that the choice is made on; on more of them it is the same, and takes longer


def choose_readout(
    recipe: Recipe, loaded: Loaded, start: Start | None, log: Callable[[str], None], quiet: bool
) -> tuple[Recipe, HeldOut | None]:
    """The recipe with its readout and, unless validation chooses it or it is given, the strength of its L2; and the answers held out.

    A recipe that asks for no readout stays as it is.
    Raises UsageError for a network without such a readout, Interrupted on a signal.
    """
    if start is None or not recipe.readout:
        return recipe, None
    network = _network(recipe, loaded, start)
    words = [recipe.readout] if recipe.readout != "auto" else ["plain", "unit", *(["stages"] if network.read else [])]
    labels = loaded.train.labels
    places = torch.nonzero(labels >= 0)[:, 0]
    n = len(places)
    places = places[permutation(recipe.seed, -6, n)[:SAMPLE]].sort().values
    classes = len(loaded.splits.classes)
    with Stop() as stop:
        readouts = _vectors(network, words, recipe, loaded, places, quiet, stop)
        groups = torch.unique(torch.from_numpy(together(loaded.splits.parts["train"]))[places], return_inverse=True)[1]
        found = choose(readouts, labels[places], classes, groups=groups, seed=recipe.seed, check=stop.check)
    l2 = recipe.l2 or (found.l2 * len(places) / n if recipe.keep == "last" else 0.0)
    made = dataclasses.replace(recipe, model=f"{parted(recipe.model)[0]}+{found.name}", readout=found.name, l2=l2, resize_head=True)
    if not len(found.logits):
        log(f"readout {found.name}: one label of each class leaves nothing to choose by")
        return made, None
    held_out = HeldOut(places, labels[places], found.logits)
    log(
        f"readout {found.name} (of {', '.join(words)}), l2 {found.l2:.1e}, chosen by cross-validation of {len(places):,} pictures: "
        f"accuracy {validation.worded(held_out.judged())}"
    )
    return made, held_out


def _network(recipe: Recipe, loaded: Loaded, start: Start) -> Readout:
    """The network of a readout with the trained weights, in evaluation mode: of `stages` where it has them, unless another is asked for."""
    base = parted(recipe.model)[0]
    if base.startswith("timm:"):
        raise UsageError(f"--readout is for the networks of `clearsight models`, and {base} is one of timm's: leave it out.")
    wanted = ["stages", "unit"] if recipe.readout == "auto" else [recipe.readout]
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


class _Vectors(nn.Module):
    """A network with what each of several heads reads as its outputs."""

    def __init__(self, network: Readout, words: list[str]) -> None:
        super().__init__()
        self.network, self.words = network, words

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features float32 `(N, D)` for each of the words."""
        with kept_maps() as maps:
            features = self.network.net.features(x)
        stages = [rooted(maps[name].mean((2, 3))) for name in self.network.read]
        readouts = {"plain": features.float(), "unit": rooted(features), "stages": torch.cat(stages, 1) if stages else features}
        return tuple(readouts[word] for word in self.words)


@torch.no_grad()
def _vectors(
    network: Readout, words: list[str], recipe: Recipe, loaded: Loaded, places: Tensor, quiet: bool, stop: Stop
) -> dict[str, Tensor]:
    """Features float32 `(n, D)` of the training pictures at `places`, by readout: the mean over the recipe's views."""
    device = pick_device(recipe.device)
    net = _Vectors(network, words).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    views, rows = tta.parse(recipe.views), []
    with Progress("features", len(places), quiet=quiet) as progress:
        batches = places.split(BATCH)
        for some in loaded.train.batches(batches):
            stop.check()
            inputs = loaded.preprocessing.normalise(some.to(device)).contiguous(memory_format=torch.channels_last)
            every = [net(view(inputs)) for view in views]
            rows.append([torch.stack(same).mean(0) for same in zip(*every, strict=True)])
            progress.update(len(some))
    return {word: torch.cat([row[i] for row in rows]) for i, word in enumerate(words)}
