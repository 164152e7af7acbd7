"""Ways of training beyond the plain one: from trained weights, from a few labels, against an attack, several networks."""
