"""Augmentation of training pictures: one registry entry per change, policies, mixing, test-time views."""
