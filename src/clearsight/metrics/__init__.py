"""What is counted to say how good an answer is. Shapes: N pictures, K classes."""
