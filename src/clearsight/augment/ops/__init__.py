"""The changes themselves, one file for each kind; `registry.py` gives them names."""
