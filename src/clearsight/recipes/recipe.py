"""A recipe: all settings of a training, flat, typed, one-to-one with TOML and with flags."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..base.settings import setting

OPTIMIZERS = ("sgd", "adam", "adamw", "lars", "muon", "lbfgs")
SCHEDULES = ("constant", "cosine", "onecycle", "triangle", "plateau")
FITS = ("auto", "crop", "pad", "stretch")
LOSSES = ("softmax", "svm")
LOGGERS = ("wandb", "mlflow")
SAMPLERS = ("shuffled", "balanced", "root")
BATCHNORMS = ("auto", "train", "frozen")
TUNES = ("", "head", "head-then-all", "gradual", "all")
LAST_SEED = 2**31 - 1


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
    channels: int = setting(
        0, "1 grey, 3 RGB, or the number of bands, where 4 reads transparency as one (0: those of the pictures)", low=0, high=256
    )
    fit: str = setting("auto", "resizing of a picture: crop, pad or stretch (auto: that of --from, else crop)", choices=FITS)
    dropout: float = setting(-1.0, "dropout where the network has it (-1: the network's own)", low=-1, high=0.99)

    val: float = setting(
        0.1,
        "share of the training pictures held back for validation (0: none, for a head that is cross-validated)",
        low=0,
        high=0.9,
        section="Data",
    )
    test: float = setting(0.2, "share held back for testing when the data bring no test part", low=0.001, high=0.9)
    share: float = setting(1.0, "share of the training pictures that is used; validation pictures are taken from it", low=1e-6, high=1)
    copies: str = setting(
        "exact",
        "pictures that stay in one part: exact copies, or near ones too (saved again, resized, mirrored)",
        choices=("exact", "near"),
    )
    group_by: str = setting("", "pictures of one group stay in one part: a table's column, or 'folder'")
    columns: str = setting(
        "", "columns of a table that are meant, as in 'path=image_id,label=breed' (roles: path, label, part, group, names)"
    )
    leave_out: str = setting("", "pictures to leave out: a file with a name a line, or 'unreadable' for those that cannot be read")
    division: str = setting("", "a run whose division into parts is taken over (those of --from and --teacher are anyway; none: '')")
    split_seed: int = setting(
        0, "seed of the split into train, val and test, and of the mean colour (-1: seed)",
        low=-1, high=2**31 - 1,
    )  # fmt: skip

    bands: str = setting("", "bands to read of pictures with more than three, counted from 1, as in '4,3,2' (all: '')")
    range: str = setting(
        "", "values of black and white of pictures beyond 8 bits, as in 0:4095 ('': that of --from, else found in the training pictures)"
    )

    epochs: int = setting(10, "passes over the training pictures; strengths of L2 that lbfgs tries", low=1, section="Optimisation")
    minutes: float = setting(0.0, "time budget in minutes: epochs are cut to what fits (0: none)", low=0)
    batch: int = setting(128, "pictures per step", low=2)
    accumulate: int = setting(1, "micro-batches per batch, to save memory", low=1)
    optimizer: str = setting("adamw", "optimizer; lbfgs fits only the head, to its optimum", choices=OPTIMIZERS)
    lr: float = setting(2e-3, "peak learning rate", low=0)
    scale_lr: bool = setting(
        False,
        "the recipe's learning rate follows another --batch: in proportion with sgd and lars, by its square root with adam, adamw and muon",
    )
    momentum: float = setting(0.9, "momentum of sgd, lars and muon", low=0, high=1)
    weight_decay: float = setting(
        5e-4,
        "decay of weights of two or more dimensions: of no bias and norm, but of ConvNeXt's scales, ViT's class token and positions",
        low=0,
    )
    sampler: str = setting(
        "shuffled",
        "pictures of an epoch: shuffled, each once; balanced, as many draws of every class; root, in proportion to the root of its size",
        choices=SAMPLERS,
    )
    shuffle: str = setting(
        "auto",
        "order of an epoch: all, over all pictures; or blocks:16, over those of 16 shards at a time (auto: blocks for shards in a store "
        "whose pictures are decoded again in each epoch)",
    )
    clip: float = setting(0.0, "largest gradient norm (0: no limit)", low=0)
    seed: int = setting(0, "seed of all random numbers", low=0, high=LAST_SEED)
    schedule: str = setting("onecycle", "learning-rate schedule", choices=SCHEDULES, section="Schedule")
    warmup: float = setting(0.1, "fraction of the run in which the learning rate rises", low=0, high=1)
    plateau: int = setting(3, "schedule plateau: epochs without a better validation accuracy or loss before lr is divided by 10", low=1)
    patience: int = setting(0, "stop after this many epochs without a better validation accuracy or loss (0: never)", low=0)

    objective: str = setting(
        "", "loss of your own in place of cross-entropy: @package.module:name, see how-to/bring-your-own (none: '')", section="Loss"
    )
    label_smoothing: float = setting(0.0, "share of the target that is distributed over all classes", low=0, high=0.9)
    class_weights: str = setting("none", "weight of a class in the loss", choices=("none", "balanced"))
    focal: float = setting(
        0.0,
        "focal loss: γ of the factor (1 − p)^γ on the loss of a picture whose label has probability p; 2 in the paper (0: cross-entropy)",
        low=0,
        high=10,
    )

    augment: str = setting(
        "auto",
        "changes to training pictures, as in 'flip crop:2' or 'rrc:0.35 flip jitter:0.4' (none: '')",
        section="Augmentation and adversarial training",
    )
    aug_repeats: int = setting(
        1,
        "versions of a picture in a batch, each augmented by other draws; an epoch then has that many times fewer pictures",
        low=1,
        high=64,
    )
    mix: str = setting("", "two pictures in one: mixup, cutmix or both, with their alpha as in 'mixup:0.2 cutmix:1' (none: '')")
    perturb: str = setting("", "adversarial training: fgsm, pgd, trades, free or noise, with its ε as in 'pgd:8/255' (none: '')")

    keep: str = setting(
        "auto",
        "weights that are kept: of the best epoch (by fewer than 30 validation pictures: of the last that they cannot tell from it), "
        "or of the last, and validation then decides nothing: the L2 of a solved head is cross-validated (auto: last with --labels)",
        choices=("auto", "best", "last"),
        section="Kept weights and ensembles",
    )
    ema: float = setting(0.0, "decay per step of the averaged weights that are judged and kept (0: none)", low=0, high=0.99999)
    soup: int = setting(0, "epochs at the end whose weights are averaged; kept if validation finds them no worse (0: none)", low=0)
    ensemble: int = setting(1, "networks to train, by seed, seed + 1, …, whose mean answers", low=1, high=100)
    views: str = setting("", "answer by the mean over mirror, shift:1 or ten-crop (auto: mirror, if training flips; one view: '')")

    novelty: str = setting(
        "vectors",
        "stored for the novelty of a picture, how unlike the training pictures it is: vectors of their features, no pictures; or none",
        choices=("vectors", "none"),
    )

    from_: str = setting(
        "",
        "trained weights to start from: a run folder, or package:NAME, torchvision:NAME, keras:FILE, timm:NAME, hf:REPO, … "
        "('': for photographs the best at hand; none: random weights)",
        section="Fine-tuning",
    )
    resize_head: bool = setting(False, "replace the head of the trained weights by a new one for the classes of the data")
    tune: str = setting(
        "",
        "trained layers of --from: head (fitted to its optimum), head-then-all, gradual (stage by stage), all ('': all, as from scratch)",
        choices=TUNES,
    )
    readout: str = setting(
        "",
        "what the new head of --tune head reads: plain features; unit, their signed roots at length 1; stages, those of the last three "
        "stages side by side; auto, as cross-validation chooses ('': plain, in the network's own head)",
        choices=("", "auto", "plain", "unit", "stages"),
    )
    challenge: str = setting(
        "",
        "tuning that is tried once a head with --readout is solved, and kept where the log loss of held-out pictures is lower by more than "
        "a standard error: upper stages ('': none; for photographs upper)",
        choices=("", "upper"),
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
    unlabelled: str = setting(
        "",
        "method for training pictures without a label: 'fixmatch:0.95', with its threshold, or for a head with a readout means (none: '')",
    )
    strong: str = setting("rand:3 erase:0.25", "fixmatch: changes to its strong views, on top of those of augment")
    teacher: str = setting("", "a trained run whose probabilities are the targets of all training pictures, labelled or not (none: '')")
    spread: int = setting(0, "teacher: number of nearest neighbours that its probabilities are spread over (0: none)", low=0)
    spread_by: str = setting(
        "features",
        "teacher: features that neighbours are found by: those of --from, else of the teacher; or hog",
        choices=("features", "hog"),
    )
    align: bool = setting(False, "teacher: its probabilities are scaled to the class frequencies of the labels")

    device: str = setting("auto", "where it is computed: cpu, cuda, cuda:1, mps (auto: a GPU if there is one)", section="Machine")
    speed: str = setting(
        "auto",
        "any of bf16, fp16 (GPUs, with loss scaling), channels-last, compile; 'plain' for none; measure: the fastest of a few steps "
        "(auto: by chip and network)",
    )
    cache: str = setting("auto", "where decoded pictures are kept between epochs", choices=("auto", "memory", "disk", "off"))
    workers: int = setting(0, "threads that decode (0: one per core)", low=0, high=256)
    checkpoint_minutes: float = setting(5.0, "time between checkpoints within an epoch", low=0)
    timeout_minutes: float = setting(
        5.0, "torchrun: time after which a process that does not respond ends the training attempt", low=0.05, high=1440
    )
    sync_norm: bool = setting(
        False, "torchrun: batch norm over the batch of all processes, as one process would compute it (else over each process's part)"
    )
    loggers: str = setting("", "services that follow the run next to its own files, offline unless told else: wandb, mlflow (none: '')")

    @property
    def carved_by(self) -> int:
        """The seed of the split."""
        return self.seed if self.split_seed < 0 else self.split_seed


NONE = "none"  # `from_`: random weights
WITH_CODE = ("model", "augment", "strong", "objective")  # settings whose words may name code

# settings that need labels, which pretraining does not use
WITHOUT_LABELS = (
    "from_", "resize_head", "tune", "readout", "challenge", "layer_decay", "batchnorm", "l2sp", "soup", "labels", "unlabelled", "strong",
    "teacher", "spread", "spread_by", "align", "keep", "accumulate", "l2", "head", "patience", "label_smoothing", "class_weights", "focal",
    "sampler", "aug_repeats", "objective", "mix", "perturb", "views", "ensemble",
)  # fmt: skip


@dataclass(frozen=True)
class Pretraining(Recipe):
    """The settings of one training without labels."""

    temperature: float = setting(
        0.1, "of NT-Xent; low ones weight the most similar negatives", low=0.025, high=10, section="Contrastive loss"
    )
    projection: int = setting(128, "numbers that a view is projected to before the loss", low=2, high=4096)


def code_in(values: Mapping[str, Any]) -> list[str]:
    """The words of a recipe's values that name code which a training runs: `@module:name`."""
    return [word for name in WITH_CODE for word in str(values.get(name, "")).split() if word.startswith("@")]


def resuming(verb: str, folder: str | Path, recipe: Recipe) -> str:
    """The command that resumes a run."""
    return f"clearsight {verb} --resume {folder}" + (" --allow-code" if code_in(dataclasses.asdict(recipe)) else "")


def difference(recipe: Recipe, other: Recipe) -> Settings:
    """The settings of `recipe` that are not those of `other`."""
    return {
        field.name: getattr(recipe, field.name)
        for field in dataclasses.fields(recipe)
        if getattr(recipe, field.name) != getattr(other, field.name)
    }
