"""Readers of data: folders of classes, arrays, IDX, CIFAR, .npy, Parquet with pictures in it, zip archives; what is not read, and why."""
