"""Pictures made to fool a classifier, and the checks that say whether the attempt was an honest one.

`register` adds an attack of your own, `names` lists all.
"""

from .options import AttackOptions
from .own import names, register
from .table import ATTACKS

__all__ = ["ATTACKS", "AttackOptions", "names", "register"]
