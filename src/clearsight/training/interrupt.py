"""Stopping a run: signals (resumable) and non-finite losses (fatal)."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from ..base.errors import ClearsightError, Stopped


class Interrupted(Stopped):
    """The run was asked to stop and has saved its state (exit code 128 + signal)."""

    def __init__(self, number: int, again: str = "") -> None:
        self.number = number
        self.exit_code = 128 + number
        advice = f" Resume with: {again}" if again else ""
        super().__init__(f"stopped by {signal.Signals(number).name}; everything up to this step is saved.{advice}")


class Paused(Stopped):
    """The run has ended the epoch that it was to pause after, and has saved its state."""


class NotFinite(ClearsightError):
    """A loss or a gradient became infinite or not a number."""

    def __init__(self, epoch: int, step: int, layer: str, loss: float, lr: float, half: bool) -> None:
        self.layer = layer
        advice = f"--lr {lr / 3:.2g}, or --clip 1" + (", or --speed plain" if half else "")
        super().__init__(
            f"training stopped: epoch {epoch + 1}, batch {step + 1}: loss {loss}, first non-finite value in layer {layer!r}. "
            f"The last checkpoint is untouched. Try {advice}."
        )


class Stop:
    """Records SIGINT and SIGTERM for the loop, which checks them between two steps; a second Ctrl-C raises at once."""

    def __init__(self) -> None:
        self.asked, self.pausing = 0, False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = number

    def check(self) -> None:
        """Raise Interrupted if a signal came, Paused if the run is to pause."""
        if self.asked:
            self.leave()
        if self.pausing:
            raise Paused

    def leave(self) -> None:
        """Raise Interrupted for the signal that came (another process's, if not this one's)."""
        raise Interrupted(self.asked or signal.SIGTERM)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def name_the_layer(model: nn.Module, inputs: Tensor) -> str:
    """The first layer whose output is not finite for `inputs`; else the deepest one with such a gradient."""
    if not torch.isfinite(inputs).all():
        return "input"
    found: list[str] = []

    def watch(name: str) -> Any:
        def hook(module: nn.Module, given: Any, output: Any) -> None:
            if not found and isinstance(output, Tensor) and not torch.isfinite(output).all():
                found.append(name)

        return hook

    leaves = [(name, module) for name, module in model.named_modules() if not any(module.children())]
    hooks = [module.register_forward_hook(watch(name)) for name, module in leaves]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    if found:
        return found[0]
    bad = [name for name, p in model.named_parameters() if p.grad is not None and not torch.isfinite(p.grad).all()]
    return bad[-1] if bad else "loss"
