"""Errors, files, settings, randomness, devices and progress. Imports nothing above it."""
