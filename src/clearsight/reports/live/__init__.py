"""Figures that can be stepped, hovered and edited: one JavaScript module each in `static/`, which needs no build and no network."""
