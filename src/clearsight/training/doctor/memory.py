"""Memory and disk: the peak of a step against what is free, the largest batch that fits, the cache of pictures, the checkpoints."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...augment import pipeline
from ...base.compute.memory import available
from ...base.errors import ClearsightError
from ...base.files import cache_folder
from ...datasets.cache import room
from ...datasets.dataset import Parts
from ...datasets.loader import IN_MEMORY, Held
from ..compute.out_of_memory import is_out_of_memory
from ..context import TrainingContext
from ..objectives.objective import Objective
from ..storage.checkpoint import KEEP
from .diagnosis import GOOD, LOOK, STOP, Finding, gigabytes
from .trial import Trial, batch_of

SAFE = 0.85  # of the free memory
TRANSIENT = 1.5  # times what is kept for the backward pass: gradients of activations, workspaces of kernels
LARGEST = 4096  # pictures: larger batches are not tried
TRIED = 32  # pictures that a tried batch is made of
SLOTS = {"adam": 2, "adamw": 2, "sgd": 1, "lars": 1, "muon": 1, "lbfgs": 0}  # tensors of an optimizer for each weight


def weights_bytes(context: TrainingContext) -> int:
    """The size of the network's weights and buffers."""
    return sum(value.numel() * value.element_size() for value in context.state.model.state_dict().values())


def fixed_bytes(context: TrainingContext) -> int:
    """What a training keeps for any batch: weights, gradients, optimizer, bfloat16 copy, averages, the best weights."""
    recipe = context.recipe
    copies = 3 + SLOTS[recipe.optimizer] + 0.5 * context.speed.bf16 + (recipe.ema > 0) + (recipe.soup > 0) + (recipe.l2sp > 0)
    return int(copies * weights_bytes(context))


def picture_bytes(context: TrainingContext, objective: Objective) -> float:
    """What a step keeps for its backward pass for each picture, times `TRANSIENT`, from steps on two and on six pictures."""
    trial = Trial(context, objective)
    few, more = (_kept(trial, batch_of(context, n)) for n in (2, 6))
    n = min(6, len(context.train)) - 2
    return TRANSIENT * (max(more - few, 0) / n if n > 0 else few / 2)


def _kept(trial: Trial, index: Tensor) -> int:
    """Bytes of the tensors that autograd keeps for the backward pass of a step, each storage once, without the weights."""
    own = {value.untyped_storage().data_ptr() for value in [*trial.model.parameters(), *trial.model.buffers()]}
    sizes: dict[int, int] = {}

    def pack(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
        return value

    def unpack(value: Any) -> Any:
        return value

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        trial.step(index, 0.0)
    return sum(sizes.values())


def fits_by_bytes(context: TrainingContext, per_picture: float, free: int) -> Callable[[int], bool]:
    """Whether a step on so many pictures at once fits into `free` bytes besides what is always kept."""
    fixed = fixed_bytes(context)
    return lambda pictures: fixed + pictures * per_picture <= SAFE * free


def fits_by_trying(context: TrainingContext, objective: Objective) -> Callable[[int], bool]:
    """Whether a step on so many pictures at once runs on the GPU without running out of memory."""

    def fits(pictures: int) -> bool:
        trial, few = Trial(context, objective), batch_of(context, TRIED)
        rows = torch.arange(pictures) % len(few)
        try:
            trial.step(few[rows], 0.0, context.train.batch(few)[rows])
            return True
        except (RuntimeError, MemoryError, ClearsightError) as error:
            if not is_out_of_memory(error):
                raise
            return False
        finally:
            del trial
            torch.cuda.empty_cache()

    return fits


def largest(fits: Callable[[int], bool], limit: int) -> int:
    """The largest power of two of pictures, up to `limit`, that `fits`, by doubling; 0 where two do not."""
    found, size = 0, 2
    while size <= limit and fits(size):
        found, size = size, 2 * size
    return found


def judge_batch(batch: int, accumulate: int, most: int, fits: bool, words: str, end: str, *, certain: bool) -> Finding:
    """The finding on the batch: `most` pictures fit at once; without room the `end` is near, and `certain` where the least is too much."""
    figures = {"batch": batch, "accumulate": accumulate, "largest": most}
    if fits:
        return Finding(
            "memory", GOOD, f"{words}; the largest batch that fits is {'at least ' * (most >= LARGEST)}{most:,}", figures=figures
        )
    if most < 2:
        return Finding("memory", STOP if certain else LOOK, f"{words}: not even two pictures fit", "--size or --model", figures)
    parts = -(-batch // most)
    return Finding("memory", STOP if certain else LOOK, f"{words}: {most:,} fit at once; {end}", f"--accumulate {parts}", figures)


def memory(context: TrainingContext, objective: Objective, *, tries: bool) -> Finding:
    """The finding on the memory of a step; with `tries` the largest batch is found on a GPU by doubling."""
    recipe, part = context.recipe, -(-context.recipe.batch // context.micro_batches)
    part = min(part, len(context.train))
    per_picture = picture_bytes(context, objective)
    fixed, gpu = fixed_bytes(context), context.device.type == "cuda"
    need, least = fixed + part * per_picture, fixed + part * per_picture / TRANSIENT
    free = _free_on(context.device) if gpu else available()
    if not free:
        return Finding("memory", GOOD, f"a step needs about {gigabytes(need)}; the free memory is not known here")
    fits = fits_by_trying(context, objective) if gpu and tries else fits_by_bytes(context, per_picture, free)
    most = largest(fits, LARGEST)
    words = f"a step on {part} pictures needs about {gigabytes(need)} of {gigabytes(free)} free"
    end = "each batch would be computed in parts" if gpu else "the system may end the training"
    fine = part <= most or fits(part)
    return judge_batch(recipe.batch, context.micro_batches, most, fine, words, end, certain=not gpu and least > free)


def _free_on(device: torch.device) -> int:
    """Bytes of a GPU's memory that are free, or that this process holds and does not use."""
    own = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + own


def features_memory(context: TrainingContext, pictures: int) -> Finding:
    """The finding on the memory of a head that is solved: features of all pictures in float32, and twice in float64."""
    width = getattr(getattr(context.state.model, "head", None), "in_features", 0)
    need, free = weights_bytes(context) + pictures * width * (4 + 2 * 8), available()
    words = f"features of {pictures:,} pictures need about {gigabytes(need)}" + (f" of {gigabytes(free)} free" if free else "")
    if free and need > SAFE * free:
        return Finding("memory", STOP, words, "--share or --model", {"bytes": need})
    return Finding("memory", GOOD, words, figures={"bytes": need})


def picture_cache(context: TrainingContext, splits: Parts) -> Finding:
    """The finding on where decoded pictures are kept between epochs, and whether they fit there."""
    recipe, held = context.recipe, context.preprocessing
    margin = pipeline.margin(context.ops)
    stored = held.enlarged(margin) if margin > 1 else held
    n = sum(len(splits.parts[name]) for name in ("train", "unlabelled", "val") if name in splits.parts)
    size = n * stored.height * stored.width * stored.channels
    words, figures = f"{n:,} decoded pictures take {gigabytes(size)}", {"bytes": size}
    if isinstance(context.train, Held) and splits.parts["train"].pictures is not None:
        return Finding("cache", GOOD, f"{words} in memory", figures=figures)
    if recipe.cache in ("auto", "disk"):
        limit = room()
        if size <= limit:
            return Finding("cache", GOOD, f"{words} of {gigabytes(limit)} allowed under {cache_folder()}", figures=figures)
        if recipe.cache == "disk":
            return Finding("cache", STOP, f"{words}, {gigabytes(limit)} are allowed under {cache_folder()}", "--cache off", figures)
    free = available()
    if recipe.cache == "memory" or (recipe.cache == "auto" and size <= IN_MEMORY):
        if free and size > SAFE * free:
            return Finding("cache", STOP, f"{words}, and {gigabytes(free)} of memory are free", "--cache disk", figures)
        return Finding("cache", GOOD, f"{words} in memory", figures=figures)
    return Finding("cache", LOOK, f"{words} and are decoded again in every epoch", "--size, or CLEARSIGHT_CACHE_GB", figures)


def disk(context: TrainingContext, folder: Path) -> Finding:
    """The finding on the disk that checkpoints and the artefact take under `folder`, with one more while it is written."""
    recipe = context.recipe
    copies = 2 + SLOTS[recipe.optimizer] + (recipe.ema > 0) + (recipe.soup > 0) + (recipe.l2sp > 0)
    need = int(((KEEP + 1) * copies + 1) * weights_bytes(context)) * recipe.ensemble
    at = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(at).free
    words = f"checkpoints and classifier take up to {gigabytes(need)} of {gigabytes(free)} free"
    return Finding("disk", STOP if need > free else GOOD, words, "--out" if need > free else "", {"bytes": need, "free": free})
