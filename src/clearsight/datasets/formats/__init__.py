"""Files of data that need a reader of their own: CIFAR, .npy, Parquet with pictures in it, zip archives."""
