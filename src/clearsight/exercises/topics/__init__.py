"""The generators, one module per topic; each takes random draws and returns an exercise."""
