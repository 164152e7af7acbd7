"""What a training stores as it goes: checkpoints, TensorBoard events, rows for other services."""
