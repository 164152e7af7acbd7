"""What the screen Lecture asks: figures with their numbers, and exercises."""
