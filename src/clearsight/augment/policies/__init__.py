"""Policies: which augmentations are applied to a picture, and how strongly."""
