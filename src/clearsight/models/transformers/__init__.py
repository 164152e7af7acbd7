"""Networks that see a picture as a sequence of patches, a file per family."""
