"""How one step is computed, and fast."""
