"""Pictures: decoding to uint8, and preprocessing described by data."""
