"""A recipe: all settings of a training, flat, typed, one-to-one with TOML and with flags."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from ..base.code import allow, checked, require_allowed
from ..base.errors import UsageError, unknown
from ..base.settings import from_dict, read_toml, setting
from .methods import parse_fixmatch, parse_perturbation

OPTIMIZERS = ("sgd", "adamw", "lars", "muon", "lbfgs")
SCHEDULES = ("constant", "cosine", "onecycle", "triangle", "plateau")
FITS = ("auto", "crop", "pad", "stretch")
LOSSES = ("softmax", "svm")
BATCHNORMS = ("auto", "train", "frozen")
TUNES = ("", "head", "head-then-all", "gradual", "all")
LAST_SEED = 2**31 - 1
SPEED_WORDS = ("bf16", "channels-last", "compile")


Setting: TypeAlias = str | int | float | bool
Settings: TypeAlias = dict[str, Setting]  # fields of a recipe by name


@dataclass(frozen=True)
class Recipe:
    """The settings of one training run, in sections: `section=` begins one, which lasts until the next.

    The help of `train` and the page of recipes have the same sections.
    """

    recipe: str = setting(
        "auto", "built-in recipe or a .toml file this one starts from (auto: the network's own)", section="Recipe and network"
    )
    model: str = setting(
        "auto",
        "network, as `clearsight models` lists them, or @package.module:Net (auto: that of --from, else swift up to 64 px, else resnet18)",
    )
    size: int = setting(0, "height and width in px (0: that of --from, else the data's own up to 64, else 128)", low=0, high=4096)
    channels: int = setting(0, "1 grey, 3 RGB (0: grey when every picture looked at is grey)", low=0, high=3)
    fit: str = setting("auto", "resizing of a picture: crop, pad or stretch (auto: that of --from, else crop)", choices=FITS)
    dropout: float = setting(-1.0, "dropout where the network has it (-1: the network's own)", low=-1, high=0.99)

    val: float = setting(0.1, "share of the training pictures held back for validation", low=0.001, high=0.9, section="Data")
    test: float = setting(0.2, "share held back for testing when the data bring no test part", low=0.001, high=0.9)
    share: float = setting(1.0, "share of the training pictures that is used; validation pictures are taken from it", low=1e-6, high=1)
    copies: str = setting(
        "exact",
        "pictures that stay in one part: exact copies, or near ones too (saved again, resized, mirrored)",
        choices=("exact", "near"),
    )
    group_by: str = setting("", "pictures of one group stay in one part: a table's column, or 'folder'")
    division: str = setting("", "a run whose division into parts is taken over (those of --from and --teacher are anyway; none: '')")
    split_seed: int = setting(
        0, "seed of the split into train, val and test, and of the mean colour (-1: seed)",
        low=-1, high=2**31 - 1,
    )  # fmt: skip

    epochs: int = setting(10, "passes over the training pictures; strengths of L2 that lbfgs tries", low=1, section="Optimisation")
    minutes: float = setting(0.0, "time budget in minutes: epochs are cut to what fits (0: none)", low=0)
    batch: int = setting(128, "pictures per step", low=2)
    accumulate: int = setting(1, "micro-batches per batch, to save memory", low=1)
    optimizer: str = setting("adamw", "optimizer; lbfgs fits only the head, to its optimum", choices=OPTIMIZERS)
    lr: float = setting(2e-3, "peak learning rate", low=0)
    momentum: float = setting(0.9, "momentum of sgd, lars and muon", low=0, high=1)
    weight_decay: float = setting(
        5e-4,
        "decay of weights of two or more dimensions: of no bias and norm, but of ConvNeXt's scales, ViT's class token and positions",
        low=0,
    )
    schedule: str = setting("onecycle", "learning-rate schedule", choices=SCHEDULES)
    warmup: float = setting(0.1, "fraction of the run in which the learning rate rises", low=0, high=1)
    plateau: int = setting(3, "schedule plateau: epochs without a better validation accuracy or loss before lr is divided by 10", low=1)
    patience: int = setting(0, "stop after this many epochs without a better validation accuracy or loss (0: never)", low=0)
    clip: float = setting(0.0, "largest gradient norm (0: no limit)", low=0)
    seed: int = setting(0, "seed of all random numbers", low=0, high=LAST_SEED)

    objective: str = setting(
        "", "loss of your own in place of cross-entropy: @package.module:name, see how-to/bring-your-own (none: '')", section="Loss"
    )
    label_smoothing: float = setting(0.0, "share of the target that is distributed over all classes", low=0, high=0.9)
    class_weights: str = setting("none", "weight of a class in the loss", choices=("none", "balanced"))

    augment: str = setting(
        "auto",
        "changes to training pictures, as in 'flip crop:2' or 'rrc:0.35 flip jitter:0.4' (none: '')",
        section="Augmentation and adversarial training",
    )
    mix: str = setting("", "two pictures in one: mixup, cutmix or both, with their alpha as in 'mixup:0.2 cutmix:1' (none: '')")
    perturb: str = setting("", "adversarial training: fgsm, pgd, trades, free or noise, with its ε as in 'pgd:8/255' (none: '')")

    keep: str = setting(
        "auto",
        "weights that are kept: of the best epoch (by fewer than 30 validation pictures: of the last that they cannot tell from it), "
        "or of the last, and validation then decides nothing (auto: last with --labels)",
        choices=("auto", "best", "last"),
        section="Kept weights and ensembles",
    )
    ema: float = setting(0.0, "decay per step of the averaged weights that are judged and kept (0: none)", low=0, high=0.99999)
    soup: int = setting(0, "epochs at the end whose weights are averaged; kept if validation finds them no worse (0: none)", low=0)
    ensemble: int = setting(1, "networks to train, by seed, seed + 1, …, whose mean answers", low=1, high=100)
    views: str = setting("", "answer by the mean over mirror, shift:1 or ten-crop (auto: mirror, if training flips; one view: '')")

    from_: str = setting(
        "", "trained weights to start from: a run folder, or keras:FILE, torchvision:NAME, timm:NAME, hf:REPO, …", section="Fine-tuning"
    )
    resize_head: bool = setting(False, "replace the head of the trained weights by a new one for the classes of the data")
    tune: str = setting(
        "",
        "trained layers of --from: head (fitted to its optimum), head-then-all, gradual (stage by stage), all ('': all, as from scratch)",
        choices=TUNES,
    )
    layer_decay: float = setting(1.0, "factor on the learning rate from a stage of --from to the one before it (1: none)", low=0.01, high=1)
    batchnorm: str = setting(
        "auto",
        "statistics of batch norm: train follows batches, frozen keeps those of --from (auto: frozen with --tune)",
        choices=BATCHNORMS,
    )
    l2sp: float = setting(
        0.0, "strength of L2-SP, the penalty on the distance to the weights of --from, in place of weight decay (0: none)", low=0
    )

    l2: float = setting(
        0.0,
        "lbfgs: strength of the penalty l2/2·‖W‖² (0: chosen among falling ones by validation, or by cross-validation with --keep last)",
        low=0,
        section="Heads fitted to their optimum (lbfgs)",
    )
    head: str = setting("softmax", "lbfgs: loss of the head: softmax regression, or svm (squared hinge)", choices=LOSSES)

    labels: str = setting(
        "",
        "training labels that are used: '10' of each class, or '1%' of them, stratified; the others' are not read (all: '')",
        section="Few labels",
    )
    unlabelled: str = setting("", "method for training pictures without a label: 'fixmatch:0.95', with its threshold (none: '')")
    strong: str = setting("rand:3 erase:0.25", "fixmatch: changes to its strong views, on top of those of augment")
    teacher: str = setting("", "a trained run whose probabilities are the targets of all training pictures, labelled or not (none: '')")
    spread: int = setting(0, "teacher: number of nearest neighbours that its probabilities are spread over (0: none)", low=0)
    spread_by: str = setting(
        "features",
        "teacher: features that neighbours are found by: those of --from, else of the teacher; or hog",
        choices=("features", "hog"),
    )
    align: bool = setting(False, "teacher: its probabilities are scaled to the class frequencies of the labels")

    device: str = setting("auto", "cpu, cuda, cuda:1, mps (auto: a GPU if there is one)", section="Machine")
    speed: str = setting(
        "auto", "any of bf16, channels-last, compile; 'plain' for none; measure: the fastest of a few steps (auto: by chip and network)"
    )
    cache: str = setting("auto", "where decoded pictures are kept between epochs", choices=("auto", "memory", "disk", "off"))
    workers: int = setting(0, "threads that decode (0: one per core)", low=0, high=256)
    checkpoint_minutes: float = setting(5.0, "time between checkpoints within an epoch", low=0)

    @property
    def carved_by(self) -> int:
        """The seed of the split."""
        return self.seed if self.split_seed < 0 else self.split_seed


WITH_CODE = ("model", "augment", "strong", "objective")  # settings whose words may name code

# settings that need labels, which pretraining does not use
WITHOUT_LABELS = (
    "from_", "resize_head", "tune", "layer_decay", "batchnorm", "l2sp", "soup", "labels", "unlabelled", "strong", "teacher", "spread",
    "spread_by", "align", "keep", "accumulate", "l2", "head", "patience", "label_smoothing", "class_weights", "objective", "mix", "perturb",
    "views", "ensemble",
)  # fmt: skip


@dataclass(frozen=True)
class Pretraining(Recipe):
    """The settings of one training without labels."""

    temperature: float = setting(
        0.1, "of NT-Xent; low ones weight the most similar negatives", low=0.025, high=10, section="Contrastive loss"
    )
    projection: int = setting(128, "numbers that a view is projected to before the loss", low=2, high=4096)


def saved(path: Path) -> Recipe:
    """The recipe that a run has saved, of a training with labels or without."""
    values = _of_today(read_toml(path))
    return from_dict(Pretraining if "temperature" in values else Recipe, values)


def code_in(values: Mapping[str, Any]) -> list[str]:
    """The words of a recipe's values that name code which a training runs: `@module:name`."""
    return [word for name in WITH_CODE for word in str(values.get(name, "")).split() if word.startswith("@")]


def require_own_code(given: Mapping[str, Any], allow_code: bool) -> None:
    """Raise UsageError if the recipe file in `given` names code that is not allowed; code in the other settings is the caller's own."""
    name = given.get("recipe", "auto")
    if name != "auto" and name not in built_in():
        require_allowed(code_in({key: value for key, value in _values(name).items() if key not in given}), name, allow_code)
    allow(code_in(given))


def resuming(verb: str, folder: Path, recipe: Recipe) -> str:
    """The command that resumes a run."""
    return f"clearsight {verb} --resume {folder}" + (" --allow-code" if code_in(dataclasses.asdict(recipe)) else "")


def built_in() -> dict[str, Path]:
    """The recipes that ship with the package: name → TOML file."""
    folder = Path(str(files("clearsight") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def unpacked(settings: Mapping[str, Any]) -> Settings:
    """The `settings` of a training, where `recipe` may be a Recipe, as names and values; other settings override its own.

    A resolved recipe, as a run saves it, is taken whole; of another the settings that differ from the defaults, over the recipe it names.
    """
    recipe = settings.get("recipe")
    if not isinstance(recipe, Recipe):
        return {**settings, "recipe": str(recipe)} if isinstance(recipe, Path) else dict(settings)
    open_ = recipe.size == 0 or recipe.channels == 0 or "auto" in (recipe.model, recipe.fit, recipe.augment, recipe.keep)
    values = difference(recipe, type(recipe)()) if open_ else dataclasses.asdict(recipe)
    return {**values, **{name: value for name, value in settings.items() if name != "recipe"}}


def compose(given: Mapping[str, Any], default: str = "quick", kind: type[Recipe] = Recipe) -> Recipe:
    """The recipe `given["recipe"]` (a name or a .toml file; `auto` is `default`, or tuning's) with the other `given` values laid over."""
    name = given.get("recipe", "auto")
    if name == "auto":
        name = {"": default, "head": "solved"}.get(given.get("tune", ""), "tune")
    values = _values(name)
    if given.get("objective", values.get("objective")):
        values["label_smoothing"] = 0.0  # which belongs to cross-entropy
    recipe = from_dict(kind, {**values, **given, "recipe": name})
    _speed_words(recipe.speed)
    _tuning(recipe)
    if recipe.seed + recipe.ensemble > LAST_SEED + 1:
        raise UsageError(f"the members' seeds go up to seed + {recipe.ensemble - 1}: with --seed {recipe.seed}, that is over {LAST_SEED}.")
    if recipe.channels == 2:
        raise UsageError("channels must be 1 (grey) or 3 (RGB), or 0 to look at the data. Got 2.")
    if -1 < recipe.dropout < 0:
        raise UsageError(f"dropout must be between 0 and 0.99, or -1 for the network's own. Got {recipe.dropout}.")
    if recipe.optimizer == "lbfgs":
        _solving(recipe)
    if recipe.mix and (recipe.perturb or recipe.class_weights != "none"):
        raise UsageError(f"--mix {recipe.mix!r} goes without --perturb and --class-weights: leave one of them out.")
    if recipe.views not in ("", "auto"):
        from ..augment.tta import parse as parse_views

        parse_views(recipe.views)
    if recipe.mix:
        from ..augment.mix import parse as parse_mix  # which needs torch, and `train --help` does not

        parse_mix(recipe.mix)
    if recipe.unlabelled and recipe.teacher:
        raise UsageError("--unlabelled and --teacher are two ways to learn from pictures without labels: leave one out.")
    if recipe.spread_by != "features" and not recipe.spread:
        raise UsageError(f"--spread-by {recipe.spread_by} is for answers that are spread: say with --spread over how many neighbours.")
    if (recipe.spread or recipe.align) and not recipe.teacher:
        raise UsageError("--spread and --align are for a teacher's answers: say with --teacher whose.")
    if recipe.unlabelled or recipe.teacher:
        _without_labels(recipe)
    parse_perturbation(recipe.perturb)
    if recipe.objective:
        _own_objective(recipe)
    return recipe


def _own_objective(recipe: Recipe) -> None:
    """Raise UsageError for settings that choose or change the loss, next to one of the user's own."""
    checked(recipe.objective, "an objective")
    off: dict[str, tuple[Any, ...]] = {"label_smoothing": (0,), "mix": ("",), "perturb": ("",), "unlabelled": ("",), "teacher": ("",)}
    _without(recipe, f"--objective {recipe.objective} is the loss: leave out", off)
    if recipe.optimizer == "lbfgs":
        raise UsageError("--optimizer lbfgs solves softmax regression or an SVM (--head): leave out --objective or --optimizer.")


def _without_labels(recipe: Recipe) -> None:
    """Raise UsageError for words of --unlabelled that are no method, and for settings that do not go with learning without labels."""
    for name, off in (("mix", ""), ("perturb", ""), ("class_weights", "none")):
        if getattr(recipe, name) != off:
            raise UsageError(f"--{name.replace('_', '-')} {getattr(recipe, name)!r} goes without --unlabelled and --teacher: leave it out.")
    if recipe.optimizer == "lbfgs":
        raise UsageError("--optimizer lbfgs solves the head on labels: leave out --unlabelled and --teacher.")
    if recipe.unlabelled:
        parse_fixmatch(recipe.unlabelled)


def _solving(recipe: Recipe) -> None:
    """Raise UsageError for settings without a meaning if only the head is fitted."""
    who = "--tune head" if recipe.tune else "--optimizer lbfgs"
    _without(recipe, f"{who} computes the features of a picture once: leave out", {"augment": ("", "auto"), "mix": ("",), "perturb": ("",)})
    off: dict[str, tuple[Any, ...]] = {"layer_decay": (1,), "l2sp": (0,), "soup": (0,)}
    if recipe.tune:
        off["batchnorm"] = ("auto", "frozen")
    _without(recipe, f"{who} solves the head and leaves the rest as it is: leave out", off)


def _tuning(recipe: Recipe) -> None:
    """Raise UsageError for settings of tuning that contradict each other."""
    if not recipe.from_:
        off: dict[str, tuple[Any, ...]] = {"tune": ("",), "layer_decay": (1,), "l2sp": (0,), "batchnorm": ("auto", "train")}
        _without(recipe, "say with --from which trained weights are meant by", off)
    if recipe.tune == "head" and recipe.optimizer != "lbfgs":
        raise UsageError(f"--tune head solves the head (--optimizer lbfgs), and the recipe says {recipe.optimizer}: leave that out.")
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


def _values(name: str) -> Settings:
    recipes = built_in()
    if name in recipes:
        return read_toml(recipes[name])
    if name.endswith(".toml"):
        return _of_today(read_toml(name))
    raise unknown("recipe", name, recipes)


def _of_today(values: Settings) -> Settings:
    """The values of a recipe that may be from before `mirror` was one of the views."""
    if "mirror" not in values:
        return values
    said = values["mirror"]
    views = {"on": "mirror", "off": ""}.get(said, said) if isinstance(said, str) else said
    return {"views": views, **{name: value for name, value in values.items() if name != "mirror"}}


def _speed_words(speed: str) -> None:
    if speed in ("auto", "plain", "measure"):
        return
    for word in speed.replace("+", " ").split():
        if word not in SPEED_WORDS:
            raise unknown("speed", word, ("auto", "plain", "measure", *SPEED_WORDS))


def difference(recipe: Recipe, other: Recipe) -> Settings:
    """The settings of `recipe` that are not those of `other`."""
    return {
        field.name: getattr(recipe, field.name)
        for field in dataclasses.fields(recipe)
        if getattr(recipe, field.name) != getattr(other, field.name)
    }
