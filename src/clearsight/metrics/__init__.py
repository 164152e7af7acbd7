"""Metrics of predictions. Shapes: N pictures, K classes."""
