"""Training: recipes, the loop, checkpoints. `api.train`, `api.resume` and `pretrain.pretrain` are the ways in."""
