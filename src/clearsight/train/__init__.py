"""Floor 5: recipes, the loop, checkpoints. `train.train` and `train.resume` are the ways in.

`step/` computes one step, `solved/` solves heads, `ways/` are ways of training beyond the plain one.
"""
