"""How a step is computed, and the network it is computed with: the model itself, or its copy in bfloat16."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parallel import DistributedDataParallel

from ...base.compute.precision import accepts, halved
from .small_convolutions import use_matrix_products
from .sums import averaged
from .sync_norm import Synchronised


@dataclass(frozen=True)
class Speed:
    """How a step is computed: bfloat16 or float16 products, channels-last memory, compiled kernels."""

    bf16: bool = False
    channels_last: bool = False
    compile: bool = False
    fp16: bool = False

    @property
    def words(self) -> str:
        """The same as `--speed` takes it."""
        names = (("bf16", self.bf16), ("fp16", self.fp16), ("channels-last", self.channels_last), ("compile", self.compile))
        return " ".join(name for name, on in names if on) or "plain"

    @property
    def half(self) -> torch.dtype | None:
        """The precision of products, None for float32."""
        return torch.float16 if self.fp16 else torch.bfloat16 if self.bf16 else None

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout of weights and batches."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


def parse(words: str) -> Speed:
    """The Speed that `words` name: `plain`, or any of bf16, fp16, channels-last, compile."""
    named = words.replace("+", " ").split()
    return Speed("bf16" in named, "channels-last" in named, "compile" in named, "fp16" in named)


def by_autocast(speed: Speed, device: torch.device) -> bool:
    """Whether autocast computes the products in half precision; in bfloat16 on a CPU it is a copy of the network."""
    return speed.fp16 or (speed.bf16 and device.type != "cpu")


def inference(model: nn.Module, weights: dict[str, Tensor] | None, speed: Speed, device: torch.device) -> Callable[[Tensor], Tensor]:
    """A function from inputs `(N, C, H, W)` to the float32 output of `model` in evaluation mode, with `weights` in place of its own."""
    halfway = by_autocast(speed, device)
    twin = halved(model) if speed.bf16 and not halfway else model
    own, dtype = twin.state_dict(), accepts(twin)
    given = {name: value.to(own[name].dtype) for name, value in weights.items()} if weights else None

    def outputs(inputs: Tensor) -> Tensor:
        with torch.autocast(device.type, speed.half, enabled=halfway):
            found: Tensor = functional_call(twin, given, (inputs.to(dtype),)) if given else twin(inputs.to(dtype))
        return found.float()

    return outputs


class TrainingModel:
    """Computes logits and gradients for `model`, whose float32 weights are the ones that the optimizer moves.

    With bfloat16 on a processor the products are done by a copy with bfloat16 weights, renewed before each step: autocast
    would convert weights and activations at every layer. A GPU does that at no cost, so there it is autocast. Modules named in
    `resting` stay in evaluation mode. With `sync_norm` batch norm is over the parts of all processes of a `world`.
    """

    def __init__(
        self,
        model: nn.Module,
        speed: Speed,
        device: torch.device,
        world: int = 1,
        resting: tuple[str, ...] = (),
        sync_norm: bool = False,
    ) -> None:
        self.device, self.half, self.autocast = device, speed.half, by_autocast(speed, device)
        twin = halved(model) if speed.bf16 and not self.autocast else model
        pairs = [(own, other) for own, other in zip(model.parameters(), twin.parameters(), strict=True) if own is not other]
        self._own: list[Tensor] = [own for own, _ in pairs]
        self._other: list[Tensor] = [other for _, other in pairs]
        self._resting = [twin.get_submodule(name) for name in resting]
        self._dtype = accepts(twin)
        if twin is not model and not speed.compile:
            use_matrix_products(twin)
        self._sync_norm = sync_norm and world > 1
        self.net: nn.Module = torch.compile(twin) if speed.compile else twin  # type: ignore[assignment]
        if world > 1:
            self.net = DistributedDataParallel(self.net)
            if world > 2 and device.type == "cpu":
                self.net.register_comm_hook(None, averaged)

    def begin(self) -> None:
        """Before a step: training mode, the weights as the last step left them, no gradients."""
        self.net.train()
        for module in self._resting:
            module.eval()
        with torch.no_grad():
            if self._own:
                torch._foreach_copy_(self._other, self._own)
        self.net.zero_grad(set_to_none=True)

    def outputs(self, inputs: Tensor) -> Tensor:
        """The network's output for normalised inputs `(N, C, H, W)`: float32 logits `(N, K)`, or `(1 + A, N, K)` with auxiliary heads."""
        synchronised = Synchronised() if self._sync_norm else contextlib.nullcontext()
        with torch.autocast(self.device.type, self.half, enabled=self.autocast), synchronised:
            outputs: Tensor = self.net(inputs.to(self._dtype))
        return outputs.float()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[Callable[[Tensor], Tensor]]:
        """`outputs` with dropout and batch norm at rest and no gradient by the weights, for a search on the inputs in this process."""
        # Not `undisturbed`: once a step, its copies of gradients, buffers and random states would cost more than they protect.
        whole = self.net
        self.net = whole.module if isinstance(whole, DistributedDataParallel) else whole
        needs = [p for p in self.net.parameters() if p.requires_grad]
        modes = [(module, module.training) for module in self.net.modules()]
        try:
            self.net.eval()
            for p in needs:
                p.requires_grad_(False)
            yield self.outputs
        finally:
            for p in needs:
                p.requires_grad_(True)
            for module, mode in modes:
                module.training = mode
            self.net = whole

    def alone(self, last: bool) -> contextlib.AbstractContextManager[None]:
        """For all parts of a batch but the last: gradients stay in this process."""
        if last or not isinstance(self.net, DistributedDataParallel):
            return contextlib.nullcontext()
        waiting: contextlib.AbstractContextManager[None] = self.net.no_sync()
        return waiting

    def end(self) -> None:
        """After backward: the gradients, float32, at the model's own weights."""
        for own, other in zip(self._own, self._other, strict=True):
            own.grad = None if other.grad is None else other.grad.float()
