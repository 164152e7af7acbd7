"""What fine-tuning trains and what it leaves frozen: the stages of a network with their parameters, in each phase of the training."""

from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from ..base.errors import ClearsightError, unknown

TUNES = ("head", "head-then-all", "gradual", "all")


@dataclass(frozen=True)
class Stage:
    """A stage of a network, from the picture to the head, and its number of parameters."""

    name: str
    parameters: int


@dataclass(frozen=True)
class Phase:
    """A part of the training, the stages that are trained in it, and the sum of their parameters."""

    name: str
    trained: tuple[str, ...]
    parameters: int

    def to_json(self) -> dict[str, Any]:
        """As `look tuning --json` has it."""
        return asdict(self)


def stages_of(model: nn.Module) -> list[Stage]:
    """The stages that have parameters, in the order of the network's; what belongs to none goes to the stage before it.

    Raises ClearsightError for a network that names no stages.
    """
    names: tuple[str, ...] = tuple(getattr(model, "STAGES", ()))
    if len(names) < 2:
        raise ClearsightError("this network names no stages, so there is nothing to freeze stage by stage.")
    counts, last = dict.fromkeys(names, 0), names[0]
    for name, weights in model.named_parameters():
        last = next((stage for stage in names if name.startswith(f"{stage}.")), last)
        counts[last] += weights.numel()
    return [Stage(name, count) for name, count in counts.items() if count]


def phases(stages: list[Stage], tune: str) -> list[Phase]:
    """What is trained in each phase of `--tune`: head, head-then-all, gradual (a stage more at a time, from the head on), all."""
    if tune not in TUNES:
        raise unknown("way to tune", tune, TUNES)
    whole = len(stages)
    turns = {"head": (1,), "head-then-all": (1, whole), "gradual": range(1, whole + 1), "all": (whole,)}[tune]
    found = []
    for k, count in enumerate(turns, 1):
        some = stages[-count:]
        found.append(Phase(f"phase {k}" if len(turns) > 1 else "training", tuple(s.name for s in some), sum(s.parameters for s in some)))
    return found
