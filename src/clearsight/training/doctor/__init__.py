"""Checks of a training before hours are spent on it: data, network, learning rate, memory, time."""
