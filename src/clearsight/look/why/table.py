"""The methods by name, each a row: what it computes, and what may be read from it."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from ...base.errors import unknown
from . import cam
from .gradients import input_x_gradient, integrated, saliency, smoothgrad
from .occlusion import occlusion
from .rectified import deconvnet, guided_backprop
from .rollout import rollout


@dataclass(frozen=True)
class Method:
    """A way to a heat map `(N, H, W)`: `run(model, x, target)`, or `run(model, x, target, layer)` where it is read off a layer.

    `signed`: what speaks against the class is below 0. `blind`: how much the map cares for the class, where that is little.
    """

    name: str
    run: Callable[..., Tensor]
    says: str
    layered: bool = False
    signed: bool = False
    blind: str = ""

    def heat(self, model: nn.Module, x: Tensor, target: Tensor, layer: str = "") -> Tensor:
        """The maps of inputs `(N, C, H, W)` for the classes `(N,)`, of `layer` or of the last that keeps the picture's places."""
        if not self.layered:
            return self.run(model, x, target)
        return self.run(model, x, target, layer or cam.last_maps(model, x, target))


def _cam(name: str, weigh: cam.Weigh, says: str) -> Method:
    def run(model: nn.Module, x: Tensor, target: Tensor, layer: str) -> Tensor:
        return cam.cam(model, x, target, layer, weigh)

    return Method(name, run, says, layered=True)


ROWS = (
    _cam("grad-cam", cam.grad_cam, "where maps are that raise the logit, each map weighed by its mean gradient"),
    _cam("grad-cam++", cam.grad_cam_plus_plus, "the same by positive gradients, for several objects of a class"),
    _cam("x-grad-cam", cam.x_grad_cam, "the same by gradients averaged where the maps are active"),
    _cam("hires-cam", cam.hires_cam, "gradient times map at every place"),
    _cam("layer-cam", cam.layer_cam, "positive gradient times map at every place, for early layers too"),
    Method("score-cam", cam.score_cam, "maps weighed by what the picture masked by them still says; slow", layered=True),
    Method("eigen-cam", cam.eigen_cam, "the maps' first principal component", layered=True, blind="the same for every class"),
    Method("saliency", saliency, "how fast the logit changes with each pixel"),
    Method("smoothgrad", smoothgrad, "the same, mean over noisy copies"),
    Method("input-x-gradient", input_x_gradient, "pixel times gradient", signed=True),
    Method("integrated", integrated, "the rise of the logit from a picture of mean colour, shared out among the pixels", signed=True),
    Method("guided", guided_backprop, "gradient without its negative parts", blind="nearly the same for every class: edges, not reasons"),
    Method(
        "deconvnet",
        deconvnet,
        "what pools and positive gradients lead back to",
        blind="nearly the same for every class: edges, not reasons",
    ),
    Method("occlusion", occlusion, "what the logit loses when a square is covered", signed=True),
    Method("rollout", rollout, "where attention through all layers comes from", blind="the same for every class"),
)
METHODS = {row.name: row for row in ROWS}


def method(name: str) -> Method:
    """The method `name`; raises UsageError with near names."""
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    return METHODS[name]
