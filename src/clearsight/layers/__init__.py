"""Blocks that several networks share, and their variants in torchvision and Keras (dialects)."""
