"""The classical challenges of recognition, in rising strengths: illumination, occlusion, deformation, viewpoint, clutter.

One function and one line of `table.py` a challenge; what is drawn belongs to the picture and not to the strength, so that more of
a challenge is more of the same.
"""

from .occlusion import covered_at
from .table import CHALLENGES, challenged

__all__ = ["CHALLENGES", "challenged", "covered_at"]
