"""The fields of `Recipe` as keywords, for completion and type checks; a test keeps both equal."""

from typing import TypedDict


class SplitSettings(TypedDict, total=False):
    """The keywords of `split`."""

    seed: int
    val: float
    test: float
    share: float
    near: bool


class TrainSettings(TypedDict, total=False):
    """The fields of `Recipe`, but for `recipe`, `model` and `objective`, which `train` has as parameters."""

    from_: str
    resize_head: bool
    tune: str
    layer_decay: float
    batchnorm: str
    l2sp: float
    size: int
    channels: int
    fit: str
    epochs: int
    minutes: float
    batch: int
    accumulate: int
    optimizer: str
    lr: float
    momentum: float
    weight_decay: float
    l2: float
    head: str
    schedule: str
    warmup: float
    plateau: int
    patience: int
    keep: str
    label_smoothing: float
    dropout: float
    class_weights: str
    clip: float
    ema: float
    soup: int
    augment: str
    mix: str
    perturb: str
    views: str
    ensemble: int
    seed: int
    split_seed: int
    copies: str
    val: float
    test: float
    share: float
    labels: str
    unlabelled: str
    strong: str
    teacher: str
    spread: int
    spread_by: str
    align: bool
    division: str
    group_by: str
    device: str
    speed: str
    cache: str
    workers: int
    checkpoint_minutes: float


class PretrainSettings(TypedDict, total=False):
    """The fields of `Pretraining` that a training without labels has."""

    size: int
    channels: int
    fit: str
    epochs: int
    minutes: float
    batch: int
    optimizer: str
    lr: float
    momentum: float
    weight_decay: float
    schedule: str
    warmup: float
    plateau: int
    dropout: float
    clip: float
    ema: float
    augment: str
    seed: int
    split_seed: int
    copies: str
    val: float
    test: float
    share: float
    division: str
    group_by: str
    device: str
    speed: str
    cache: str
    workers: int
    checkpoint_minutes: float
    temperature: float
    projection: int
