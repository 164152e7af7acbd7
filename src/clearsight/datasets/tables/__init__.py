"""Tables of pictures: their text, the columns that matter, the files that they name, and labels."""
