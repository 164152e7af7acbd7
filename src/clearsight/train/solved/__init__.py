"""Heads that are solved to their optimum, not approached step by step."""
