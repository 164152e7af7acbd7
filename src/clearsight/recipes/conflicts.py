"""Settings of a recipe that exclude each other, or have no meaning without another. Each is a UsageError that says which to leave out."""

from typing import Any

from ..base.code import checked
from ..base.errors import UsageError, unknown
from ..base.text.words import parse_bands, parse_range
from .methods import MEANS, parse_fixmatch, parse_perturbation, parse_shuffle
from .recipe import LAST_SEED, LOGGERS, Recipe

SPEED_WORDS = ("bf16", "channels-last", "compile", "fp16")


def require_consistent(recipe: Recipe, weights_may_follow: bool = False) -> None:
    """Raise UsageError for settings of `recipe` that contradict each other, and for words that cannot be parsed.

    `weights_may_follow`: settings that need trained weights are not refused yet.
    """
    _speed_words(recipe.speed)
    for word in recipe.loggers.split():
        if word not in LOGGERS:
            raise unknown("logger", word, LOGGERS)
    if not weights_may_follow:
        _trained_weights(recipe)
    _tuning(recipe)
    _ranges(recipe)
    if recipe.optimizer == "lbfgs":
        _solving(recipe)
    _sampled(recipe)
    _augmented(recipe)
    _taught(recipe)
    parse_perturbation(recipe.perturb)
    if recipe.objective:
        _own_objective(recipe)


def _ranges(recipe: Recipe) -> None:
    """Raise UsageError for numbers whose ranges have a gap, or depend on another setting."""
    if recipe.seed + recipe.ensemble > LAST_SEED + 1:
        raise UsageError(f"the members' seeds go up to seed + {recipe.ensemble - 1}: with --seed {recipe.seed}, that is over {LAST_SEED}.")
    parse_range(recipe.range)
    chosen = parse_bands(recipe.bands)
    if chosen and recipe.channels not in (0, len(chosen)):
        raise UsageError(f"--bands {recipe.bands} are {len(chosen)} channels, not the {recipe.channels} of --channels: leave that out.")
    if recipe.sync_norm:
        _without(recipe, "--sync-norm normalises whole batches: leave out", {"accumulate": (1,), "batchnorm": ("auto", "train")})
    if -1 < recipe.dropout < 0:
        raise UsageError(f"dropout must be between 0 and 0.99, or -1 for the network's own. Got {recipe.dropout}.")


def _sampled(recipe: Recipe) -> None:
    """Raise UsageError for settings that each choose which pictures an epoch has, or weigh the classes twice."""
    if recipe.sampler != "shuffled":
        off: dict[str, tuple[Any, ...]] = {"class_weights": ("none",), "aug_repeats": (1,)}
        _without(recipe, f"--sampler {recipe.sampler} chooses the pictures of an epoch, by class: leave out", off)
    parse_shuffle(recipe.shuffle)
    if recipe.aug_repeats > recipe.batch:
        raise UsageError(f"--aug-repeats puts {recipe.aug_repeats} versions of a picture in a batch, and --batch is {recipe.batch}.")


def _augmented(recipe: Recipe) -> None:
    """Raise UsageError for words of `mix` and `views` that cannot be parsed, and for losses that pairs of pictures do not have."""
    if recipe.mix and (recipe.perturb or recipe.class_weights != "none"):
        raise UsageError(f"--mix {recipe.mix!r} goes without --perturb and --class-weights: leave one of them out.")
    if recipe.perturb:
        _without(recipe, f"--perturb {recipe.perturb} attacks cross-entropy and trains on it: leave out", {"focal": (0,)})
    if recipe.views not in ("", "auto"):
        from ..augment.tta import parse as parse_views

        parse_views(recipe.views)
    if recipe.mix:
        from ..augment.mix import parse as parse_mix  # which needs torch, and `train --help` does not

        parse_mix(recipe.mix)


def _taught(recipe: Recipe) -> None:
    """Raise UsageError for settings of learning from pictures without labels that lack or exclude another."""
    if recipe.unlabelled and recipe.teacher:
        raise UsageError("--unlabelled and --teacher are two ways to learn from pictures without labels: leave one out.")
    if recipe.spread_by != "features" and not recipe.spread:
        raise UsageError(f"--spread-by {recipe.spread_by} is for answers that are spread: say with --spread over how many neighbours.")
    if (recipe.spread or recipe.align) and not recipe.teacher:
        raise UsageError("--spread and --align are for a teacher's answers: say with --teacher whose.")
    if recipe.unlabelled or recipe.teacher:
        _without_labels(recipe)


def _own_objective(recipe: Recipe) -> None:
    """Raise UsageError for settings that choose or change the loss, next to one of the user's own."""
    checked(recipe.objective, "an objective")
    off: dict[str, tuple[Any, ...]] = {"label_smoothing": (0,), "focal": (0,)}
    off |= {"mix": ("",), "perturb": ("",), "unlabelled": ("",), "teacher": ("",)}
    _without(recipe, f"--objective {recipe.objective} is the loss: leave out", off)
    if recipe.optimizer == "lbfgs":
        raise UsageError("--optimizer lbfgs solves softmax regression or an SVM (--head): leave out --objective or --optimizer.")


def _without_labels(recipe: Recipe) -> None:
    """Raise UsageError for words of --unlabelled that are no method, and for settings that do not go with learning without labels."""
    for name, off in (("mix", ""), ("perturb", ""), ("class_weights", "none"), ("focal", 0), ("sampler", "shuffled"), ("aug_repeats", 1)):
        if getattr(recipe, name) != off:
            raise UsageError(f"--{name.replace('_', '-')} {getattr(recipe, name)!r} goes without --unlabelled and --teacher: leave it out.")
    if recipe.unlabelled == MEANS:
        return
    if recipe.optimizer == "lbfgs":
        raise UsageError("--optimizer lbfgs solves the head on labels: leave out --teacher, and --unlabelled unless it is means.")
    if recipe.unlabelled:
        parse_fixmatch(recipe.unlabelled)


def _solving(recipe: Recipe) -> None:
    """Raise UsageError for settings without a meaning if only the head is fitted."""
    who = "--tune head" if recipe.tune else "--optimizer lbfgs"
    _without(recipe, f"{who} computes the features of a picture once: leave out", {"augment": ("", "auto"), "mix": ("",), "perturb": ("",)})
    _without(recipe, f"{who} solves softmax regression or an SVM (--head): leave out", {"focal": (0,)})
    _without(recipe, f"{who} uses every picture once: leave out", {"sampler": ("shuffled",), "aug_repeats": (1,)})
    off: dict[str, tuple[Any, ...]] = {"layer_decay": (1,), "l2sp": (0,), "soup": (0,)}
    if recipe.tune:
        off["batchnorm"] = ("auto", "frozen")
    _without(recipe, f"{who} solves the head and leaves the rest as it is: leave out", off)


def _trained_weights(recipe: Recipe) -> None:
    """Raise UsageError for settings that need trained weights, or a readout of them, in a recipe without."""
    if not recipe.from_:
        off: dict[str, tuple[Any, ...]] = {"tune": ("",), "readout": ("",), "layer_decay": (1,), "l2sp": (0,)}
        off["batchnorm"] = ("auto", "train")
        _without(recipe, "say with --from which trained weights are meant by", off)
    if recipe.unlabelled == MEANS and not recipe.readout:
        raise UsageError("--unlabelled means is for a head on trained features: --tune head --readout auto.")
    if not recipe.readout or recipe.keep == "best":
        _without(recipe, "--readout with --keep last cross-validates a head, which tuning has to beat: leave out", {"challenge": ("",)})
    if recipe.tune != "head":
        _without(recipe, "--tune head solves a new head, and only that reads", {"readout": ("",)})


def _tuning(recipe: Recipe) -> None:
    """Raise UsageError for settings of tuning that contradict each other."""
    if recipe.tune == "head" and recipe.optimizer != "lbfgs":
        raise UsageError(f"--tune head solves the head (--optimizer lbfgs), and the recipe says {recipe.optimizer}: leave that out.")
    if recipe.tune == "head" and recipe.readout:
        _without(recipe, "cross-validation of softmax regression chooses the readout: leave out", {"head": ("softmax",)})
    if recipe.tune not in ("", "head") and recipe.optimizer == "lbfgs":
        raise UsageError(f"--tune {recipe.tune} moves the whole network, and --optimizer lbfgs solves its head alone: that is --tune head.")
    if recipe.tune == "gradual" and recipe.epochs < 2:
        raise UsageError("--tune gradual thaws a stage or more each epoch: it takes --epochs 2 or more. Got 1.")
    if recipe.soup:
        _without(recipe, "--soup averages the last epochs, which may not come with", {"patience": (0,), "perturb": ("",)})


def _without(recipe: Recipe, why: str, off: dict[str, tuple[Any, ...]]) -> None:
    """Raise UsageError, which begins with `why`, for a setting that has another value than those which turn it `off`."""
    for name, values in off.items():
        if getattr(recipe, name) not in values:
            raise UsageError(f"{why} --{name.replace('_', '-')} {getattr(recipe, name)!r}.")


def _speed_words(speed: str) -> None:
    if speed in ("auto", "plain", "measure"):
        return
    words = speed.replace("+", " ").split()
    for word in words:
        if word not in SPEED_WORDS:
            raise unknown("speed", word, ("auto", "plain", "measure", *SPEED_WORDS))
    if "bf16" in words and "fp16" in words:
        raise UsageError("--speed takes one precision, bf16 or fp16. Got both.")
