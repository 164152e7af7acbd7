"""Any network of timm, as it is, through the optional extra; `timm:NAME`, and `hf:OWNER/NAME` from the Hugging Face Hub."""

import importlib
from typing import Any

from torch import Tensor, nn

from ..base.errors import ClearsightError, UsageError
from ..images.preprocess import INTERPOLATIONS, Preprocessing
from ..models.base import Model


class TimmModel(Model):
    """A network of timm under our contract."""

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


def load(store: str, name: str) -> tuple[TimmModel, Preprocessing, tuple[str, ...]]:
    """The network `name` with the weights that timm fetches, what its origin does to a picture, and its classes where it names them."""
    try:
        timm: Any = importlib.import_module("timm")
    except ModuleNotFoundError:
        raise ClearsightError(f"{store}:{name} needs timm: pip install 'clearsight[timm]'.") from None
    full = f"hf-hub:{name}" if store == "hf" else name
    try:
        net = timm.create_model(full, pretrained=True)
    except Exception as error:  # of the many kinds that timm, the Hub and the network raise
        raise ClearsightError(f"timm cannot give {store}:{name}: {str(error).splitlines()[0]}") from error
    return TimmModel(net), preprocessing(net.pretrained_cfg), tuple(net.pretrained_cfg.get("label_names") or ())


def preprocessing(facts: dict[str, Any]) -> Preprocessing:
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
