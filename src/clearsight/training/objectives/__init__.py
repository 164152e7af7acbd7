"""Objectives: what one step of a training lowers, beyond the plain supervised loss."""
