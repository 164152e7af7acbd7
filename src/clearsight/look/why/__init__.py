"""Why this answer: heat maps, and how far each may be believed. One file a kind of method, `table.py` names, `checks.py` judges."""

from .explanation import Explanation, explain, explain_all
from .table import METHODS

__all__ = ["METHODS", "Explanation", "explain", "explain_all"]
