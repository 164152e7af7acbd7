"""Floor 6: how good a classifier is, told as numbers, tables and one page to show."""
