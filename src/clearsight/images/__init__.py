"""Pictures: bytes in, uint8 out; preprocessing as data."""
