"""The classical challenges of recognition, in rising strengths: illumination, occlusion, deformation, viewpoint, clutter.

A challenge is one function and one line of `table.py`. Draws depend on the picture and not on the strength, so that strengths
differ in degree only.
"""

from .occlusion import covered_at
from .table import CHALLENGES, challenged

__all__ = ["CHALLENGES", "challenged", "covered_at"]
