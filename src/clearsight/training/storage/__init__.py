"""What a run stores: its folder, checkpoints, TensorBoard events."""
