"""Heads: softmax regression fitted to its optimum, cross-validated."""
