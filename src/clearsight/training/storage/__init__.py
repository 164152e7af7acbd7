"""What a training stores as it goes: checkpoints, TensorBoard events, what other services are told."""
