"""Augmentation: one row a change, policies over them, mixing, test-time views."""
