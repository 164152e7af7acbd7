"""Labels, which are never all there nor all right: the likely errors, and what to label next."""
