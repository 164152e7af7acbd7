"""Softmax regression on pixels: its templates, and the way of one picture from pixels to probabilities."""
