"""The attacks themselves, one file for each idea; `table.py` gives them names."""
