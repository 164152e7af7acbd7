"""Floor 1: blocks that several networks share, and the dialects in which their origins compute them."""
