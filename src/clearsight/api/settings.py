"""The fields of `Recipe` as keywords, by the same sections, for completion and type checks; a test keeps both equal."""

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

    # Recipe and network
    size: int
    channels: int
    fit: str
    dropout: float
    # Data
    val: float
    test: float
    share: float
    copies: str
    group_by: str
    columns: str
    leave_out: str
    division: str
    split_seed: int
    bands: str
    range: str
    # Optimisation
    epochs: int
    minutes: float
    batch: int
    accumulate: int
    optimizer: str
    lr: float
    scale_lr: bool
    momentum: float
    weight_decay: float
    schedule: str
    warmup: float
    plateau: int
    patience: int
    clip: float
    sampler: str
    shuffle: str
    seed: int
    # Loss
    label_smoothing: float
    class_weights: str
    focal: float
    # Augmentation and adversarial training
    augment: str
    aug_repeats: int
    mix: str
    perturb: str
    # Kept weights and ensembles
    keep: str
    ema: float
    soup: int
    ensemble: int
    views: str
    novelty: str
    # Fine-tuning
    from_: str
    resize_head: bool
    tune: str
    readout: str
    challenge: str
    layer_decay: float
    batchnorm: str
    l2sp: float
    # Heads fitted to their optimum (lbfgs)
    l2: float
    head: str
    # Few labels
    labels: str
    unlabelled: str
    strong: str
    teacher: str
    spread: int
    spread_by: str
    align: bool
    # Machine
    device: str
    speed: str
    cache: str
    workers: int
    checkpoint_minutes: float
    timeout_minutes: float
    sync_norm: bool
    loggers: str


class PretrainSettings(TypedDict, total=False):
    """The fields of `Pretraining` that a training without labels has."""

    # Recipe and network
    size: int
    channels: int
    fit: str
    dropout: float
    # Data
    val: float
    test: float
    share: float
    copies: str
    group_by: str
    columns: str
    leave_out: str
    division: str
    split_seed: int
    bands: str
    range: str
    # Optimisation
    epochs: int
    minutes: float
    batch: int
    optimizer: str
    lr: float
    scale_lr: bool
    momentum: float
    weight_decay: float
    schedule: str
    warmup: float
    plateau: int
    clip: float
    shuffle: str
    seed: int
    # Augmentation and adversarial training
    augment: str
    # Kept weights and ensembles
    ema: float
    novelty: str
    # Machine
    device: str
    speed: str
    cache: str
    workers: int
    checkpoint_minutes: float
    timeout_minutes: float
    sync_norm: bool
    loggers: str
    # Contrastive loss
    temperature: float
    projection: int
