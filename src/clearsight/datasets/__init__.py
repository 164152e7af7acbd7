"""Labelled pictures from a folder, table, IDX pair, array file or named set; split, checked and loaded."""
