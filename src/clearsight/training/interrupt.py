"""What may cut a run short: a signal, which leaves it resumable, and a number that is none, which stops it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from ..base.errors import ClearsightError


class Interrupted(ClearsightError):
    """The run was asked to stop and has saved its state (exit code 128 + signal)."""

    def __init__(self, number: int, again: str = "") -> None:
        self.number = number
        self.exit_code = 128 + number
        advice = f" Go on with: {again}" if again else ""
        super().__init__(f"stopped by {signal.Signals(number).name}; everything up to this step is saved.{advice}")


class NotFinite(ClearsightError):
    """A loss or a gradient became infinite or not a number."""

    def __init__(self, epoch: int, step: int, layer: str, loss: float, lr: float, bf16: bool) -> None:
        advice = f"--lr {lr / 3:.2g}, or --clip 1" + (", or --speed plain" if bf16 else "")
        super().__init__(
            f"training stopped: epoch {epoch + 1}, batch {step + 1}: loss {loss}, first non-finite value in layer {layer!r}. "
            f"The last checkpoint is untouched. Try {advice}."
        )


class OutOfMemory(ClearsightError):
    """Memory does not hold what a step needs, however small its parts."""

    def __init__(self, batch: int, parts: int, reason: str) -> None:
        super().__init__(
            f"out of memory with a batch of {batch} in {parts} part(s) ({reason}). The last checkpoint is untouched. "
            f"Try --accumulate {2 * parts}, a smaller --size or --batch, or a smaller --model."
        )


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` is what torch or Python raises when memory runs out; on a processor torch has no class for it."""
    words = ("can't allocate memory", "not enough memory", "out of memory")
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(said in str(error) for said in words)


def reason(error: BaseException) -> str:
    """The first line of what an error says; Python's own says nothing when memory runs out."""
    return next(iter(str(error).splitlines()), type(error).__name__)


@contextmanager
def once(batch: int, parts: int) -> Iterator[None]:
    """For what moves weights, and so is not done a second time with smaller parts: OutOfMemory where memory runs out."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise OutOfMemory(batch, parts, reason(error)) from error


class Stop:
    """Turns SIGINT and SIGTERM into a question that the loop answers between two steps; a second Ctrl-C does not wait."""

    def __init__(self) -> None:
        self.asked = 0
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
        """Raise Interrupted if a signal came."""
        if self.asked:
            self.leave()

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
