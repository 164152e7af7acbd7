"""Transfer: start from trained weights, and choose which layers are trained."""
