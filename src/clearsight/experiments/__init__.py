"""Experiments: grids of runs."""

LADDER = "ladder.json"  # in the folder of a ladder; who only looks for one need not import what makes it
