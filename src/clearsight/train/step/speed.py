"""The fastest way to compute a step on this machine, found by a few measured steps and remembered."""

import contextlib
import copy
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from ...base.device import hardware
from ...base.errors import ClearsightError
from ...base.files import cache_folder, digest, read_json, write_json
from ...base.precision import halves, has_bf16
from .loss import judged
from .working import Speed, Working

# Compiling costs up to a minute on a processor and often gains nothing there: tried only where it can pay that back.
COMPILE_FROM_SECONDS = {"cpu": 7200.0, "cuda": 120.0}
WORTH_IT = 1.05  # a candidate must win by this much over a simpler one: less is noise


def choose(model: nn.Module, shape: tuple[int, int, int], classes: int, device: torch.device, pictures: int) -> tuple[Speed, str]:
    """The fastest Speed for training `model` on inputs of `shape` (C, H, W), and one line that says how it was found.

    `pictures` is how many the whole run will see: it decides whether compiling is worth a try. The rates are
    remembered per machine, so that the same seed gives the same weights tomorrow.
    """
    key = digest(repr((sorted(hardware().items()), str(model), shape, classes, str(device))).encode())[:16]
    memory = cache_folder() / "speed" / f"{key}.json"
    known = _remembered(memory)
    rates = dict(known)

    def measured(candidate: Speed) -> float:
        if candidate.words not in rates:
            rates[candidate.words] = rate(model, shape, classes, device, candidate)
        return rates[candidate.words]

    best, half = Speed(), has_bf16(device) and halves(model)
    for candidate in (Speed(), Speed(channels_last=True), *([Speed(bf16=True, channels_last=True)] if half else [])):
        if measured(candidate) > measured(best) * WORTH_IT:
            best = candidate
    if pictures / measured(best) > COMPILE_FROM_SECONDS.get(device.type, float("inf")):
        compiled = Speed(best.bf16, best.channels_last, compile=True)
        try:
            best = compiled if measured(compiled) > measured(best) * WORTH_IT else best
        except Exception:  # no compiler here, or a network it cannot take: both mean "do not compile"
            rates[compiled.words] = 0.0
    if rates != known:
        with contextlib.suppress(ClearsightError):  # a cache that cannot be written only means measuring again
            write_json(memory, rates)
    when = "" if rates != known else "; measured earlier"
    return best, f"{best.words} ({', '.join(f'{words} {found:,.0f}/s' for words, found in rates.items())}{when})"


def _remembered(memory: Path) -> dict[str, float]:
    if not memory.is_file():
        return {}
    try:
        return {str(words): float(found) for words, found in read_json(memory).items()}
    except (ClearsightError, AttributeError, TypeError, ValueError):
        return {}


def rate(model: nn.Module, shape: tuple[int, int, int], classes: int, device: torch.device, speed: Speed, batch: int = 32) -> float:
    """Pictures per second of forward + backward on batches of `batch`, the best of three steps after one to warm up."""
    trial = copy.deepcopy(model).to(memory_format=speed.memory_format).train()  # type: ignore[call-overload]
    net = Working(trial, speed, device)
    pictures = torch.zeros(batch, *shape, device=device).contiguous(memory_format=speed.memory_format)
    labels = torch.arange(batch, device=device) % classes
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        times = [_seconds(net, pictures, labels) for _ in range(4)][1:]
    return batch / min(times)


def _seconds(net: Working, pictures: Tensor, labels: Tensor) -> float:
    start = time.perf_counter()
    net.begin()
    judged(net.outputs(pictures), labels)[1].mean().backward()
    net.end()
    if pictures.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start
