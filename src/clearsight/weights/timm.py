"""Networks of timm, through the optional extra: `timm:NAME`, and `hf:OWNER/NAME` from the Hugging Face Hub."""

import importlib
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from ..base.errors import ClearsightError, MissingExtra, UsageError
from ..base.randomness import seeded
from ..images.preprocess import INTERPOLATIONS, Preprocessing
from ..models.base import Model
from .licence import NOT_STATED, non_commercial, told


class TimmModel(Model):
    """A network of timm with the interface of `Model`."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net
        head = next((name for name, module in net.named_modules() if module is net.get_classifier()), "")
        if not isinstance(net.get_classifier(), nn.Linear):
            raise UsageError("this network of timm does not end in a linear layer: it cannot be a classifier here.")
        self.HEAD = f"net.{head}"
        self.STAGES = (*(f"net.{stage['module']}" for stage in getattr(net, "feature_info", ())), self.HEAD)

    def features(self, x: Tensor) -> Tensor:
        """The vector before the head, `(N, D)`."""
        vector: Tensor = self.net.forward_head(self.net.forward_features(x), pre_logits=True)
        return vector


def load(store: str, name: str) -> tuple[TimmModel, Preprocessing, tuple[str, ...], str, str]:
    """The network `name` with timm's weights, its preprocessing, its classes if they are named, its name for `build` (`timm:NAME`,
    or ""), and its licence.

    Raises UsageError for weights that are not for commercial use and not named by their tag.
    """
    timm = _library(f"{store}:{name}")
    if store == "timm":
        _require_tag(timm.get_pretrained_cfg(name) if timm.is_model(name) else None, name)
    full = f"hf-hub:{name}" if store == "hf" else name
    try:
        net = timm.create_model(full, pretrained=True)
    except Exception as error:  # timm, the Hub and the network raise many kinds
        raise ClearsightError(f"timm cannot give {store}:{name}: {(str(error).splitlines() or [type(error).__name__])[0]}") from error
    model, facts = TimmModel(net), net.pretrained_cfg
    settings = preprocessing(facts)
    again = name if store == "timm" else str(facts.get("architecture"))
    size = {"channels": settings.channels, "height": settings.height, "width": settings.width}
    # a repository may configure its network in any way
    same = timm.is_model(again) and repr(build(again, model.head.out_features, **size)) == repr(model)
    return model, settings, tuple(facts.get("label_names") or ()), f"timm:{again}" if same else "", _licence(facts)


def checked(store: str, name: str) -> str:
    """The evidence that the weights are the published ones."""
    if store == "timm":
        return "timm's client of the Hub alone"
    pinned = "" if "@" in name else f", at no fixed revision: hf:{name}@REVISION is one, and huggingface.co/{name} has the licence"
    return f"the Hub's client alone{pinned}"


def _licence(facts: Mapping[str, Any]) -> str:
    return str(facts.get("license") or NOT_STATED)


def _require_tag(known: Any, name: str) -> None:
    """Raise UsageError if `known`, timm's metadata of the weights `name`, excludes commercial use and the name has no tag."""
    said = str(getattr(known, "license", None) or "")
    if "." not in name and non_commercial(said):
        tag = getattr(known, "tag", "") or "TAG"
        raise UsageError(f"the weights of timm:{name} are {told(said)}: if that is all right, name them by their tag, timm:{name}.{tag}.")


def build(
    name: str, classes: int, *, channels: int, height: int, width: int, dropout: float | None = None, seed: int | None = None
) -> TimmModel:
    """An untrained network of timm for inputs `(N, channels, height, width)`; arguments and errors as of `models.build`."""
    timm = _library(f"timm:{name}")
    if not timm.is_model(name):  # `create_model` would download other names
        raise UsageError(f"timm has no network called {name!r:.200}.")
    sizes = {"img_size": (height, width)} if timm.get_pretrained_cfg(name).fixed_input_size else {}
    # not on `meta`: values that a network computes when it is built are in no file
    with torch.device("cpu"), nullcontext() if seed is None else seeded(seed):
        return TimmModel(timm.create_model(name, num_classes=classes, in_chans=channels, drop_rate=dropout, **sizes))


def _library(what: str) -> Any:
    try:
        return importlib.import_module("timm")
    except ModuleNotFoundError:
        raise MissingExtra(f"{what} needs timm: pip install 'clearsight[timm]'.") from None
    except RuntimeError as error:  # torchvision was built for another torch
        raise MissingExtra(
            f"timm cannot be imported: {error}. Bring them in line: pip install --upgrade torch torchvision timm."
        ) from error


def preprocessing(facts: Mapping[str, Any]) -> Preprocessing:
    """timm's `pretrained_cfg` as ours."""
    channels, height, width = facts["input_size"]
    known = facts.get("interpolation") in INTERPOLATIONS
    return Preprocessing(
        channels=channels,
        height=height,
        width=width,
        interpolation=facts["interpolation"] if known else "bicubic",
        mean=tuple(facts["mean"]),
        std=tuple(facts["std"]),
        crop_fraction=facts.get("crop_pct") or 1.0,
    )
