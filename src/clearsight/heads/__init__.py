"""Linear heads fitted to their optimum, and how strongly to regularise them."""
