"""Floor 5: recipes, the loop, checkpoints. `train.train` and `train.resume` are the ways in."""
