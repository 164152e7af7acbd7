"""Recipes: all settings of a training, the methods that they name, and the built-in ones as TOML files. Imports no torch."""
