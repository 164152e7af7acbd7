"""Looking inside beside what the network costs anyway, and beside captum and grad-cam.

    python benchmarks/look.py [--rounds 7] [--network resnet50] [--batch 32] [--size 96]

Captured stages beside a plain forward pass; Grad-CAM of a batch beside one forward and backward pass; the same by captum and by
pytorch-grad-cam, where they are installed. All take turns in one process, in float32, with first weights.
"""

import time
from collections.abc import Callable

import torch
from common import Row, compare, finish, load_check, parser

from clearsight import models
from clearsight.base.compute.memory import keep_large_buffers
from clearsight.look import captured
from clearsight.look.why import METHODS
from clearsight.look.why.cam import last_maps


def milliseconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return 1000 * (time.perf_counter() - start)


def forward_backward(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> None:
    model(x).gather(1, target[:, None]).sum().backward()
    model.zero_grad(set_to_none=True)


def captum_cam(model: torch.nn.Module, layer: str) -> Callable[[torch.Tensor, torch.Tensor], object] | None:
    try:
        from captum.attr import LayerGradCam
    except ImportError:
        return None
    cam = LayerGradCam(model, model.get_submodule(layer))
    return lambda x, target: cam.attribute(x, target, relu_attributions=True)


def grad_cam(model: torch.nn.Module, layer: str) -> Callable[[torch.Tensor, torch.Tensor], object] | None:
    try:
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
    except ImportError:
        return None
    cam = GradCAM(model=model, target_layers=[model.get_submodule(layer)])
    return lambda x, target: cam(input_tensor=x, targets=[ClassifierOutputTarget(int(label)) for label in target])


def main() -> None:
    made = parser(__doc__, rounds=7)
    made.add_argument("--network", default="resnet50")
    made.add_argument("--batch", type=int, default=32)
    made.add_argument("--size", type=int, default=96)
    given = made.parse_args()
    keep_large_buffers()
    model = models.build(given.network, 10, channels=3, height=given.size, width=given.size, seed=0).eval()
    x, target = torch.randn(given.batch, 3, given.size, given.size), torch.arange(given.batch) % 10
    layer, notes = last_maps(model, x, target), load_check()
    contestants: dict[str, Callable[[], object]] = {
        "plain": lambda: _plain(model, x),
        "captured": lambda: captured(model, x),
        "both ways": lambda: forward_backward(model, x, target),
        "grad-cam": lambda: METHODS["grad-cam"].heat(model, x, target, layer),
    }
    for name, make in (("captum", captum_cam), ("pytorch-grad-cam", grad_cam)):
        if cam := make(model, layer):
            contestants[name] = lambda cam=cam: cam(x, target)
        else:
            notes.append(f"{name} is missing: pip install {name.removeprefix('pytorch-')}")
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(given.rounds + 1):
        for name, do in contestants.items():
            spent = milliseconds(do)
            if turn:
                taken[name].append(spent)
    rows: list[Row] = [
        compare("all stages captured", taken["captured"], taken["plain"], "ms", against="a plain forward pass", less=True, goal=1 / 1.3),
        compare("Grad-CAM", taken["grad-cam"], taken["both ways"], "ms", against="one forward and backward pass", less=True, goal=1 / 1.2),
    ]
    rows += [
        compare("Grad-CAM", taken["grad-cam"], taken[peer], "ms", against=peer, less=True)
        for peer in ("captum", "pytorch-grad-cam")
        if peer in taken
    ]
    finish(given, f"Looking inside `{given.network}`, {given.batch} pictures of {given.size} px", rows, notes, {})


def _plain(model: torch.nn.Module, x: torch.Tensor) -> None:
    with torch.no_grad():
        model(x)


if __name__ == "__main__":
    main()
