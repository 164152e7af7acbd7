"""What happens inside a network. Each file computes one thing; `draw*` alone makes pictures of it."""

from .capture import captured, undisturbed
from .receptive_field import receptive_fields, stack_sentence
from .unit import Unit, unit

__all__ = ["Unit", "captured", "receptive_fields", "stack_sentence", "undisturbed", "unit"]
