"""A run on disk: its folder, and the division of its data into parts."""
