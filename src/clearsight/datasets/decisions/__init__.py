"""Decisions about labels: an append-only journal of them, and the data set that they make of the one that is there."""
