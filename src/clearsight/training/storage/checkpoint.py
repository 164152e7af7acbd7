"""Training state on disk: tensors, whole numbers and text, never pickle, protected by a SHA-256.

A checkpoint file is a safetensors payload (numbers and history as JSON in its metadata) followed by the 32
bytes of its SHA-256. The two newest are kept; loading takes the newest that verifies and says what it skipped.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from ...base.errors import ClearsightError, CorruptFile, listed
from ...base.files import remove, write_atomic
from ...base.stored import fitting, taken_from
from ..optim.optimizer import Optimizer

KEEP = 2
VERSION = "1"  # a state of which an older Clearsight cannot go on needs another
NEWER = "If a newer Clearsight wrote it, update this one."
COPIES = ("averaged", "kept", "soup", "start")  # of the weights, in a state


@dataclass
class Counters:
    """The numbers of a run's state that, together with the tensors, determine everything that follows.

    `accumulate` is the number of micro-batches since memory last ran out; the kept weights are the mean of `souped` epochs (0: of none);
    `scale` is the factor on a loss in float16, for `grown` steps, and `skipped` the number of steps left out for overflow.
    """

    epoch: int = 0
    step: int = 0
    seen: int = 0
    correct: int = 0
    loss: float = 0.0
    seconds: float = 0.0
    pictures: int = 0
    best: float = -1.0
    best_epoch: int = 0
    accumulate: int = 1
    souped: int = 0
    scale: float = 0.0
    grown: int = 0
    skipped: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)

    def add(self, images: int, loss: float, correct: int, start: float) -> float:
        """Count a step on so many `images` that began at `start`; returns when it ended, both by `time.perf_counter`."""
        self.step += 1
        self.seen += images
        self.loss += loss
        self.correct += correct
        self.pictures += images
        end = time.perf_counter()
        self.seconds += end - start
        return end

    def next_epoch(self) -> None:
        """Begin the next epoch."""
        self.epoch += 1
        self.step = self.seen = self.correct = 0
        self.loss = 0.0


@dataclass
class State:
    """All of a run's state; `averaged` is the EMA of the weights, `kept` those of the best epoch, `soup` the mean of the last epochs'.

    `start` are the pretrained weights that L2-SP pulls toward.
    """

    model: nn.Module
    optimizer: Optimizer
    averaged: dict[str, Tensor] = field(default_factory=dict)
    kept: dict[str, Tensor] = field(default_factory=dict)
    soup: dict[str, Tensor] = field(default_factory=dict)
    start: dict[str, Tensor] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)


def save(state: State, folder: Path) -> Path:
    """Write the state to `folder`, then prune all but the two newest checkpoints."""
    counters = state.counters
    tensors = {f"model/{name}": value for name, value in state.model.state_dict().items()}
    for group in COPIES:
        tensors |= {f"{group}/{name}": value for name, value in getattr(state, group).items()}
    for index, p in enumerate(state.optimizer.parameters):
        tensors |= {f"optimizer/{index}/{name}": value for name, value in state.optimizer.state.get(p, {}).items()}
    metadata = {"version": VERSION, "counters": json.dumps(asdict(counters))}
    payload = safetensors.torch.save({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, metadata)
    path = folder / f"{counters.epoch:05d}-{counters.step:07d}.checkpoint"
    write_atomic(path, payload, hashlib.sha256(payload).digest())
    prune(folder, path)
    return path


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in `folder`, newest first."""
    return sorted(folder.glob("*.checkpoint"), reverse=True)


def prune(folder: Path, newest: Path) -> None:
    """Remove all but `newest`, a checkpoint known to be whole, and the one before it.

    What has a later name was skipped as damaged when this run was resumed, and would else count as one of the two.
    """
    every = checkpoints(folder)
    if newest not in every:
        raise ClearsightError(f"{newest} was removed while its run was trained: something else writes in {folder}. Resume without it.")
    place = every.index(newest)
    for path in every[:place] + every[place + KEEP :]:
        remove(path)


def restore(state: State, folder: Path) -> list[str]:
    """Fill `state` from the newest checkpoint that verifies; returns a line for each that was skipped.

    Raises ClearsightError when none is whole.
    """
    skipped = []
    for path in checkpoints(folder):
        try:
            tensors, metadata = read(path)
        except CorruptFile as error:
            skipped.append(f"skipped {error}")
            continue
        _fill(state, path, tensors, metadata)
        return skipped
    raise ClearsightError(f"no whole checkpoint in {folder}." + "".join(f" {line}" for line in skipped))


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of one checkpoint; raises CorruptFile when a single bit is not what was written."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise CorruptFile(f"{path}: not a regular file.")
    try:
        data = path.read_bytes()
    except (OSError, MemoryError) as error:
        raise CorruptFile(f"{path}: {getattr(error, 'strerror', None) or 'does not fit into memory'}.") from error
    payload, trailer = data[:-32], data[-32:]
    if hashlib.sha256(payload).digest() != trailer:
        raise CorruptFile(f"{path}: damaged, its SHA-256 does not match.")
    try:
        tensors = safetensors.torch.load(payload)
        header = json.loads(payload[8 : 8 + int.from_bytes(payload[:8], "little")])
    except Exception as error:  # a header can lie in ways that safetensors meets with errors of several kinds
        raise CorruptFile(f"{path}: not a checkpoint ({type(error).__name__}).") from error
    metadata = header.get("__metadata__") or {}
    if metadata.get("version") != VERSION:
        raise ClearsightError(f"{path} has checkpoint version {metadata.get('version')!r:.20}; this Clearsight reads {VERSION}. {NEWER}")
    return tensors, metadata


def _fill(state: State, path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    groups: dict[str, dict[str, Tensor]] = {name: {} for name in ("model", *COPIES, "optimizer")}
    for name, value in tensors.items():
        group, _, rest = name.partition("/")
        if group not in groups:
            raise ClearsightError(f"{path} holds {group!r:.40}, which this Clearsight does not know. {NEWER}")
        groups[group][rest] = value
    counters = _counters(path, metadata)
    _require_fits(state, path, groups)
    state.model.load_state_dict(groups["model"])
    for group in COPIES:
        setattr(state, group, _like(groups[group], state.model))
    state.counters = counters
    parameters = state.optimizer.parameters
    for name, value in groups["optimizer"].items():
        index, slot = name.split("/", 1)
        parameter = parameters[int(index)]
        # the memory format of the weight, so that the next product runs the same kernel
        same = value.shape == parameter.shape
        slots = state.optimizer.state.setdefault(parameter, {})
        slots[slot] = torch.empty_like(parameter, dtype=value.dtype).copy_(value) if same else value.to(parameter.device)


def _counters(path: Path, metadata: dict[str, str]) -> Counters:
    with taken_from(path, "a checkpoint"):
        found = json.loads(metadata["counters"])
        unknown = found.keys() - {one.name for one in fields(Counters)}
    if unknown:
        raise ClearsightError(f"{path} counts {listed(sorted(unknown))}, which this Clearsight does not know. {NEWER}")
    with taken_from(path, "a checkpoint"):
        return fitting(Counters, found)


def _require_fits(state: State, path: Path, groups: dict[str, dict[str, Tensor]]) -> None:
    """Raise ClearsightError for the state of another network or optimizer, as of a run whose recipe was edited."""
    own, theirs = ({name: value.shape for name, value in of.items()} for of in (state.model.state_dict(), groups["model"]))
    beyond = [name for name in groups["optimizer"] if not 0 <= int(name.partition("/")[0]) < len(state.optimizer.parameters)]
    if own != theirs or beyond:
        raise ClearsightError(
            f"{path} is the state of another network than recipe.toml describes: settings cannot be changed in a resume. "
            f"Put recipe.toml back, or start another run with it."
        )


def _like(values: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    own = model.state_dict()
    return {name: torch.empty_like(own[name], dtype=value.dtype).copy_(value) for name, value in values.items()}
