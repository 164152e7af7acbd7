"""Floor 1: pictures. Bytes in, uint8 out; geometry and colours as data; changes for training as batched tensor operations."""
