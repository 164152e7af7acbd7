"""The vectors that a head on a readout is solved on: float32, batch norms folded, computed once in a run and kept for later ones."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from ... import __version__
from ...augment import tta
from ...base.code import is_code
from ...base.compute.device import hardware
from ...base.files import cache_folder
from ...base.progress import Progress
from ...classifier.speed.folding import folded, in_channels_last
from ...classifier.speed.fusing import fused
from ...datasets.loader import Pictures, Streamed
from ...images.preprocess import Preprocessing
from ...models import own
from ...models.readout import READOUTS, Readout, kept_maps, parted, rooted
from ...recipes.recipe import Recipe
from ..interrupt import Stop
from ..storage import vectors as storage

BATCH = 16  # pictures computed together: the last bits depend on it
VERSION = 2  # of what is computed: another one finds nothing that an older one has kept


@dataclass(frozen=True)
class Extraction:
    """How pictures become vectors: the network, its inputs, the words of its views, and whether the vectors are kept on disk."""

    network: Readout
    preprocessing: Preprocessing
    views: str
    device: torch.device
    kept: bool
    quiet: bool
    log: Callable[[str], None]

    @classmethod
    def of(
        cls, recipe: Recipe, network: Readout, preprocessing: Preprocessing, device: torch.device, quiet: bool, log: Callable[[str], None]
    ) -> "Extraction":
        """That of a resolved recipe. Vectors of a network of the user's own are not kept, since its code may change."""
        name = parted(recipe.model)[0]
        kept = recipe.cache in ("auto", "disk") and not is_code(name) and name not in own.REGISTERED
        return cls(network, preprocessing, recipe.views, device, kept, quiet, log)

    @property
    def words(self) -> tuple[str, ...]:
        """The readouts that one pass computes."""
        return READOUTS if self.network.read else READOUTS[:-1]


@torch.no_grad()
def vectors(how: Extraction, pictures: Pictures, places: Tensor, stop: Stop, label: str = "features") -> dict[str, Tensor]:
    """The vectors float32 `(n, D)`, on the device, of the `pictures` at `places` `(n,)`, by readout: the mean over the views.

    Raises Interrupted.
    """
    if not len(places):
        return {word: torch.empty(0, device=how.device) for word in how.words}
    key = _key(how, pictures, places, stop) if how.kept and not isinstance(pictures, Streamed) else ""
    if key and (found := storage.read(key)):
        how.log(f"{label} of {len(places):,} pictures were computed before, by the same network: read from {cache_folder()}")
        return {word: found[word].to(how.device) for word in how.words}
    net = in_channels_last(folded(_Words(how.network, how.words).eval()).to(how.device))
    if how.device.type == "cpu" and isinstance(net, fx.GraphModule):
        net = fused(net) or net
    views, rows = tta.parse(how.views), []
    with Progress(label, len(places), quiet=how.quiet) as progress:
        for some in pictures.batches(places.split(BATCH)):
            stop.check()
            inputs = how.preprocessing.normalise(some.to(how.device)).contiguous(memory_format=torch.channels_last)
            every = [net(view(inputs)) for view in views]
            rows.append([torch.stack(same).mean(0) for same in zip(*every, strict=True)])
            progress.update(len(some))
    made = {word: torch.cat([row[i] for row in rows]) for i, word in enumerate(how.words)}
    if key:
        storage.write(key, made)
    return made


class _Words(nn.Module):
    """A network with the vectors of several readouts as its outputs."""

    def __init__(self, network: Readout, words: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.words = network, words

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Vectors float32 `(N, D)` for each of the words."""
        with kept_maps() as maps:
            features = self.network.net.features(x)
        stages = [rooted(maps[name].mean((2, 3))) for name in self.network.read]
        readouts = {"plain": features.float(), "unit": rooted(features), "stages": torch.cat(stages, 1) if stages else features}
        return tuple(readouts[word] for word in self.words)


def _key(how: Extraction, pictures: Pictures, places: Tensor, stop: Stop) -> str:
    """The digest of all that decides the vectors' bits: hardware, versions, network, weights, and the inputs in their order."""
    facts = {
        "version": [VERSION, BATCH, __version__, how.words],
        "hardware": [hardware(), str(how.device), torch.backends.cpu.get_cpu_capability(), torch.get_float32_matmul_precision()],
        "network": [repr(how.network.net), how.network.read],
        "inputs": [how.preprocessing.to_dict(), how.views],
    }
    found = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, value in how.network.net.state_dict().items():
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        found.update(_raw(value))
    for some in pictures.batches(places.split(BATCH)):
        stop.check()
        found.update(_raw(some.permute(0, 2, 3, 1)))
    return found.hexdigest()


def _raw(values: Tensor) -> memoryview:
    return values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
