"""The device of a computation, and a description of the hardware."""

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from ..errors import UsageError


def pick_device(name: str = "auto") -> torch.device:
    """The device `name`; `auto` is the first GPU, or else the CPU. Raises UsageError for a device that cannot be used."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device).item()  # fails on "meta", which has shapes but no values
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"device {name!r} cannot be used here ({reason}). Leave it out, or say cpu.") from None
    return device


# torch.nn.init hands the whole call over, and hides from the mode what it calls
_DRAWS = (torch.Tensor.normal_, torch.Tensor.uniform_, nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_)


class _Undrawn(TorchFunctionMode):
    """Draws into tensors without values return them at once: torch would first import its symbolic arithmetic, which takes 2 s."""

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function in _DRAWS and (drawn := args[0] if args else kwargs["tensor"]).is_meta:
            return drawn
        return function(*args, **kwargs)


@contextmanager
def shapes_only() -> Iterator[None]:
    """Tensors made inside have a shape and no values: no memory is allocated, and nothing is drawn or computed."""
    with torch.device("meta"), _Undrawn():
        yield


def hardware() -> dict[str, str | int]:
    """The hardware and versions that a figure was measured with: processor, threads, GPU, Python, torch."""
    facts: dict[str, str | int] = {
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }
    if torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
    return facts


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
