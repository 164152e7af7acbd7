"""Exported files: the preprocessing, the network and the probabilities of a classifier in one graph, for programs without Clearsight."""
