"""Floor 1: blocks that several networks share, nothing else."""
