"""Training: the road from a recipe and data to a run folder with a classifier. Other folders import from `api` only."""
