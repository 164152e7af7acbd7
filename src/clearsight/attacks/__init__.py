"""Adversarial attacks, and the checks that tell whether a measured robustness can be believed.

Each attack is importable by name (`from clearsight.attacks import PGD`); `register` adds one of your own, `names` lists all.
"""

from .options import AttackOptions
from .own import names, register
from .table import (
    APGD_CE,
    APGD_DLR,
    APGD_L2,
    APGD_T,
    ATTACKS,
    AUTO_ATTACK,
    AUTO_ATTACK_L2,
    BIM,
    CARLINI_WAGNER,
    DEEPFOOL,
    FAB_T,
    FGSM,
    FGSM_L2,
    FGSM_TARGETED,
    MI_FGSM,
    NOISE,
    PATCH,
    PGD,
    PGD_L1,
    PGD_L2,
    RAYS,
    SPATIAL,
    SQUARE,
    UNIVERSAL,
    Attack,
)
from .task import Task

__all__ = [
    "APGD_CE",
    "APGD_DLR",
    "APGD_L2",
    "APGD_T",
    "ATTACKS",
    "AUTO_ATTACK",
    "AUTO_ATTACK_L2",
    "BIM",
    "CARLINI_WAGNER",
    "DEEPFOOL",
    "FAB_T",
    "FGSM",
    "FGSM_L2",
    "FGSM_TARGETED",
    "MI_FGSM",
    "NOISE",
    "PATCH",
    "PGD",
    "PGD_L1",
    "PGD_L2",
    "RAYS",
    "SPATIAL",
    "SQUARE",
    "UNIVERSAL",
    "Attack",
    "AttackOptions",
    "Task",
    "names",
    "register",
]
