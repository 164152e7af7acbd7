"""Simple cells: filters learnt without labels, and Gabor functions fitted to filters."""
