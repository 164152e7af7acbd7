"""Blocks that several networks share, and the dialects in which their origins compute them."""
