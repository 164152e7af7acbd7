"""Reports: every figure, page and console table; computed results in, pictures and text out."""
