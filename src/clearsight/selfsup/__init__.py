"""Floor 6: features learnt without labels."""
