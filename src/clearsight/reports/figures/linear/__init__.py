"""Figures of softmax regression: templates, and one picture's way to its probabilities."""
