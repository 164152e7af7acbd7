"""What a classifier knows of the limits of its knowledge: how novel a picture is, and which classes it cannot rule out."""

from .calibration import Calibration
from .novelty import Novelty
from .reference import NOTHING, Limits, Reference

__all__ = ["NOTHING", "Calibration", "Limits", "Novelty", "Reference"]
