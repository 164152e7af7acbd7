"""What happens inside a network. Each file computes one thing; `draw*` alone makes pictures of it."""

from ..base.undisturbed import undisturbed
from .capture import captured
from .receptive_field import receptive_fields, stack_sentence
from .unit import Recomputation, recompute_unit

__all__ = ["Recomputation", "captured", "receptive_fields", "recompute_unit", "stack_sentence", "undisturbed"]
