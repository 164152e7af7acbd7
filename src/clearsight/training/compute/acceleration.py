"""How a step is computed: by rule from chip and network, tried on a few pictures; or, if asked, the fastest of a few measured steps."""

import copy
import dataclasses
import math
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...base.compute.precision import accepts, centred_error, halved, halves, has_bf16
from ..optim.loss import classification_losses
from .training_model import Speed, TrainingModel

# Compiling costs up to a minute on a processor and often gains nothing there: tried only where it can pay that back.
COMPILE_FROM_SECONDS = {"cpu": 7200.0, "cuda": 120.0}
WORTH_IT = 1.05  # a candidate must win by this much over a simpler one: less is noise
# Of untrained networks at rest, from LeNet to NASNet, the error of centred logits was 0.03 at most.
LOGITS_OFF, GRADIENTS_ALIKE = 0.1, 0.9
NEEDS_DIGITS = "this network counts on more digits"


def choose(model: nn.Module, inputs: Tensor, device: torch.device, gradients: bool = True) -> tuple[Speed, str]:
    """The Speed for training `model`, by rule, and one line that names it; no clock decides, so a seed gives the same weights again.

    bfloat16 is taken where the chip multiplies it and `refused` finds nothing on the `inputs` (N, C, H, W), channels-last where there
    are convolutions. Nothing is compiled. Without `gradients` only features are wanted.
    """
    layout = any(isinstance(module, nn.Conv2d) for module in model.modules())
    if not has_bf16(device) or not _worth_halving(model, device):
        speed = Speed(channels_last=layout)
        return speed, speed.words
    reason = refused(model, inputs, device, gradients)
    speed = Speed(bf16=not reason, channels_last=layout)
    return speed, f"{speed.words} (bfloat16 is not used: {reason})" if reason else speed.words


def _worth_halving(model: nn.Module, device: torch.device) -> bool:
    """Whether bfloat16 is precise enough, and faster: not without weights to halve, nor on a processor for depthwise convolutions
    between batch norms.

    Rates of training in bfloat16 over float32 on one core with AMX: MobileNetV2 0.43, EfficientNet-B0 0.52, MobileNet 0.79; LeNet-5
    1.2, ResNet-18 1.4, SqueezeNet and ViT 2, GoogLeNet 3.
    """
    modules = list(model.modules())
    depthwise = any(isinstance(module, nn.Conv2d) and 1 < module.groups == module.in_channels for module in modules)
    if device.type == "cpu" and depthwise and any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in modules):
        return False
    return halves(model) and accepts(halved(model)) == torch.bfloat16


def asked(speed: Speed, model: nn.Module, inputs: Tensor, device: torch.device) -> tuple[Speed, str]:
    """The Speed that was asked for, without half precision where that is `refused`, and the line that says so, else an empty one.

    float16 is refused only by networks that count on more digits: what else may fail in it shows at the first steps.
    """
    name = "float16" if speed.fp16 else "bfloat16"
    reason = ""
    if speed.bf16:
        reason = refused(model, inputs, device)
    elif speed.fp16 and not halves(model):
        reason = NEEDS_DIGITS
    if not reason:
        return speed, ""
    found = dataclasses.replace(speed, bf16=False, fp16=False)
    return found, f"{found.words}; {name} was asked for and is not used: {reason}"


def refused(model: nn.Module, inputs: Tensor, device: torch.device, gradients: bool = True) -> str:
    """Why `model` cannot be trained in bfloat16 (empty: it can): it must run, forward and backward, and answer at rest as in float32.

    Nothing of the model and no random state is changed; `inputs` are normalised pictures `(N, C, H, W)`, at least two.
    """
    if not halves(model):
        return NEEDS_DIGITS
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            exact = _tried(model, inputs, Speed(), device, gradients)
            rough = _tried(model, inputs, Speed(bf16=True), device, gradients)
        except Exception as error:  # a layer without a bfloat16 kernel may raise any kind of error
            first = (str(error).splitlines() or [type(error).__name__])[0]
            return f"the network does not run in it, {first:.120}"
    if not all(bool(torch.isfinite(value).all()) for value in rough):
        return "numbers are no longer finite"
    off = centred_error(rough[0], exact[0])
    if off > LOGITS_OFF:
        return f"logits are off by {off:.0%} of their size"
    if gradients and bool(exact[1].any()) and float(F.cosine_similarity(rough[1], exact[1], dim=0)) < GRADIENTS_ALIKE:
        return "gradients point elsewhere"
    return ""


def _tried(model: nn.Module, inputs: Tensor, speed: Speed, device: torch.device, gradients: bool) -> tuple[Tensor, Tensor]:
    """Logits `(N, K)` and the gradient of all weights `(P,)` at rest; after that a step of training, which need only run.

    In training, batch norm over so few pictures makes of any rounding another network.
    """
    net = TrainingModel(copy.deepcopy(model), speed, device)
    net.net.eval()
    labels = torch.arange(len(inputs), device=device)
    with torch.set_grad_enabled(gradients):
        outputs = net.outputs(inputs)
        loss = F.cross_entropy(outputs, labels % outputs.shape[-1])
    if not loss.requires_grad:
        return outputs.detach(), torch.zeros(1, device=device)
    loss.backward()
    slope = torch.cat([p.grad.float().flatten() for p in net.net.parameters() if p.grad is not None])
    net.begin()
    classification_losses(net.outputs(inputs), labels % outputs.shape[-1])[1].mean().backward()
    return outputs.detach(), slope


def measured(model: nn.Module, shape: tuple[int, int, int], classes: int, device: torch.device, pictures: int) -> tuple[Speed, str]:
    """The fastest Speed for training `model` on inputs of `shape` (C, H, W) here and now, and one line that says how it was found.

    `pictures` is how many the whole run will see: it decides whether compiling is worth a try. Nothing is kept for the next run, which
    would believe a rate of a moment when the machine was busy.
    """
    rates: dict[str, float] = {}

    def rate_of(candidate: Speed) -> float:
        if candidate.words not in rates:
            rates[candidate.words] = rate(model, shape, classes, device, candidate)
        return rates[candidate.words]

    best = Speed()
    example = torch.rand(4, *shape, generator=torch.Generator().manual_seed(0)).to(device)
    half = has_bf16(device) and not refused(model, example, device)
    for candidate in (Speed(), Speed(channels_last=True), *([Speed(bf16=True, channels_last=True)] if half else [])):
        if rate_of(candidate) > rate_of(best) * WORTH_IT:
            best = candidate
    if pictures / rate_of(best) > COMPILE_FROM_SECONDS.get(device.type, float("inf")):
        compiled = Speed(best.bf16, best.channels_last, compile=True)
        try:
            best = compiled if rate_of(compiled) > rate_of(best) * WORTH_IT else best
        except Exception:  # no compiler here, or a network it cannot take: both mean "do not compile"
            rates[compiled.words] = math.ulp(0.0)
    return best, f"{best.words} ({', '.join(f'{words} {found:,.0f}/s' for words, found in rates.items())})"


def rate(model: nn.Module, shape: tuple[int, int, int], classes: int, device: torch.device, speed: Speed, batch: int = 32) -> float:
    """Pictures per second of forward + backward on batches of `batch`, the best of three steps after one to warm up."""
    trial = copy.deepcopy(model).to(memory_format=speed.memory_format).train()  # type: ignore[call-overload]
    net = TrainingModel(trial, speed, device)
    pictures = torch.zeros(batch, *shape, device=device).contiguous(memory_format=speed.memory_format)
    labels = torch.arange(batch, device=device) % classes
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        times = [_seconds(net, pictures, labels) for _ in range(4)][1:]
    return batch / min(times)


def _seconds(net: TrainingModel, pictures: Tensor, labels: Tensor) -> float:
    start = time.perf_counter()
    net.begin()
    classification_losses(net.outputs(pictures), labels)[1].mean().backward()
    net.end()
    if pictures.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start
