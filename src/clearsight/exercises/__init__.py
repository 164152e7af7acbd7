"""Graded exercises on the lecture: generated from a seed, answered by the product's own code."""
