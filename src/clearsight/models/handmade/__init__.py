"""Features designed by hand: the pixels themselves, so far."""
