"""Convolutional networks, a file per family."""
