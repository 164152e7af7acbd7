"""Trained weights as the start of a training: a classifier's folder, or an origin such as `torchvision:resnet18`."""

import copy
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor, nn

from ... import classifier, weights
from ...base.compute.device import shapes_only
from ...base.compute.distributed import ProcessGroup
from ...base.errors import ClearsightError, UsageError
from ...base.text.words import parse_bands, parse_range
from ...classifier import ensemble, validation
from ...images.deep import PLAIN
from ...images.preprocess import Preprocessing
from ...models.readout import parted
from ...recipes.recipe import Recipe
from ...weights import adapt, licence


@dataclass(frozen=True)
class Start:
    """Pretrained weights; `digest` is the SHA-256 of the weights as they were read, `chosen` whether validation chose them."""

    origin: str
    model: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    architecture: str
    digest: str
    pretrained: bool = False  # without labels: only its head, which is replaced, was fitted on them
    legal: dict[str, str] = field(default_factory=dict)  # the licence of the original weights, and the digest of their file
    chosen: dict[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, str]:
        """Its metadata for the run and the artefact."""
        return {"trained_from": self.origin, "trained_from_sha256": self.digest, **self.legal, **self.chosen}

    @property
    def side(self) -> int:
        """The longer side of its inputs in px."""
        return max(self.preprocessing.height, self.preprocessing.width)

    def fits(self, side: int) -> bool:
        """Whether the network has the same layers for inputs of `side` × `side` px."""
        if self.architecture.startswith("timm:"):
            return False
        with shapes_only():
            given, other = (weights.build(self.architecture, 2, height=px, width=px).state_dict() for px in (self.side, side))
        return all(value.shape == other[name].shape for name, value in given.items())

    def prepared(self, recipe: Recipe) -> Preprocessing:
        """The preprocessing that the weights were trained with, at the size, channels and fit of a resolved recipe."""
        known = self.preprocessing
        if recipe.channels != known.channels:
            known = adapt.new_preprocessing(dataclasses.replace(known, bands=()), recipe.channels)
        crop_fraction = known.crop_fraction if recipe.fit == "crop" else 1.0
        known = dataclasses.replace(known, levels=parse_range(recipe.range), bands=parse_bands(recipe.bands), decoding=PLAIN.version)
        return dataclasses.replace(known, height=recipe.size, width=recipe.size, fit=recipe.fit, crop_fraction=crop_fraction)

    def values(self, recipe: Recipe, classes: tuple[str, ...]) -> dict[str, Tensor]:
        """The values for the network of a resolved recipe, by name, without those of a head that is replaced.

        Raises UsageError for classes that are not the head's, and for a size at which the network has other layers.
        """
        if not recipe.resize_head and sorted(classes) != sorted(self.classes):
            ours, theirs = (
                f"{len(names):,} classes ({', '.join(names[:4])}{', …' * (len(names) > 4)})" for names in (classes, self.classes)
            )
            raise UsageError(
                f"{self.origin} tells apart {theirs}, the data have {ours}. Replace the head with --resize-head; --tune does it by itself."
            )
        size = {"channels": recipe.channels, "height": recipe.size, "width": recipe.size}
        with shapes_only():
            wanted = weights.build(recipe.model, len(classes), **size).state_dict()
        model = self.model
        if recipe.channels != self.preprocessing.channels:
            model = copy.deepcopy(model)  # copy: label spreading still needs the original first layer
            adapt.new_channels(model, recipe.channels)
        values = model.state_dict()
        if parted(recipe.model)[1] and not parted(self.architecture)[1]:
            values = {f"net.{name}": value for name, value in values.items() if f"net.{name}" in wanted}
            values |= {name: value for name, value in wanted.items() if name.startswith("fc.")}
        for name in weights.heads(recipe.model, **size):
            if recipe.resize_head:
                del values[name]
            else:  # joined by name
                values[name] = values[name][[self.classes.index(label) for label in classes]]
        for name, value in values.items():
            if value.shape != wanted[name].shape:
                known = self.preprocessing
                raise UsageError(
                    f"{self.origin} was trained on {known.height}×{known.width} px, and at {recipe.size}×{recipe.size} px {recipe.model} "
                    f"has another {name}: {tuple(wanted[name].shape)}, not {tuple(value.shape)}. Leave out --size, or say one nearer."
                )
        return values

    def describe(self, recipe: Recipe, classes: int) -> str:
        """One line on how a resolved recipe uses it."""
        channels = self.preprocessing.channels
        head = f"new head for {classes} classes" if recipe.resize_head else "head kept"
        first = f"; first layer adapted from {channels} to {recipe.channels} channels" if recipe.channels != channels else ""
        legal = f"; {words}" if (words := licence.said(self.legal)) else ""
        return f"starts from {self.origin} (SHA-256 {self.digest[:16]}…) with its preprocessing; {head}{first}{legal}"


def read(recipe: Recipe, group: ProcessGroup) -> Start | None:
    """The pretrained weights of a recipe, None for random ones; the first process reads first, since it may download.

    Raises UsageError where the recipe contradicts it, and what `weights.read` and `classifier.load` raise.
    """
    if not recipe.from_:
        if recipe.resize_head:
            raise UsageError("--resize-head is for trained weights: say with --from which.")
        return None
    if not group.is_main:
        group.broadcast(0)
    start = _opened(recipe)
    if group.is_main:
        group.broadcast(0)
    number = int(start.digest[:15], 16)
    if group.broadcast(number) != number:
        raise ClearsightError(f"process {group.rank} reads other weights from {recipe.from_} than the first: they must be the same file.")
    return start


def _opened(recipe: Recipe) -> Start:
    origin, model = recipe.from_, "" if recipe.model == "auto" else parted(recipe.model)[0]
    if weights.is_origin(origin):
        found = weights.read(origin, model=model, headless=2 if recipe.resize_head or recipe.tune else 0)
        start = Start(origin, found.model, found.preprocessing, found.classes, found.architecture, found.digest, legal=found.facts)
        if not start.architecture:
            raise UsageError(f"{origin} changes timm's network, and could not be saved: it can classify and be judged, not trained.")
        return start
    saved, digest = classifier.load_digested(Path(origin))
    if members := ensemble.members(saved.architecture):
        raise UsageError(f"{origin} is an ensemble of {len(members)} networks, and a training starts from one: name a member's run.")
    if model not in ("", parted(saved.architecture)[0]):
        raise UsageError(f"the network in {origin} is {saved.architecture}, and --model is {model}: leave it out.")
    pretrained = "pretrained" in saved.facts
    legal = licence.inherited(saved.facts)
    chosen = {} if pretrained else validation.passed_on("start", saved.facts)
    return Start(origin, saved.model, saved.preprocessing, saved.classes, saved.architecture, digest, pretrained, legal, chosen)
