"""Inside a network: each file computes one thing; `reports/figures` draws it."""

from ..base.compute.undisturbed import undisturbed
from .capture import captured
from .receptive_field import receptive_fields, stack_sentence
from .unit import Recomputation, recompute_unit

__all__ = ["Recomputation", "captured", "receptive_fields", "recompute_unit", "stack_sentence", "undisturbed"]
