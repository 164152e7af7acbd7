"""Experiments: grids of runs."""
