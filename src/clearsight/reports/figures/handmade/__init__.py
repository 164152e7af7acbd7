"""Figures of hand-designed features: one picture, what the features see in it, and their vector."""
