"""Evaluation: how good a classifier is, in numbers."""
