"""Floor 0: errors, files, settings, randomness, devices and progress. Imports nothing above it."""
