"""Hand-designed features of one picture, as what can be drawn: bars, strokes, responses, descriptors."""
