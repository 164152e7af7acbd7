"""A Keras network with values of its own, saved as users and as keras.applications do."""

import numpy as np


def randomise(network, seed=0):
    """Values for everything a Keras network stores, so that none is 0 or 1 by default."""
    draw = np.random.default_rng(seed)
    for variable in network.weights:
        kind, shape = variable.path.rpartition("/")[2], variable.shape
        if kind in ("moving_variance", "variance"):
            value = draw.uniform(0.5, 1.5, shape)
        elif len(shape) > 1:
            value = draw.normal(0, (2 / np.prod(shape[:2] if kind == "depthwise_kernel" else shape[:-1])) ** 0.5, shape)
        else:
            value = draw.normal(kind == "gamma", 0.1, shape)
        variable.assign(value.astype("float32"))


def save(network, path):
    """Write it in one of Keras' forms: a whole model (two kinds), weights of Keras 3, weights as keras.applications publishes them."""
    if path.name == "weights.h5":
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, network)
    elif path.name == "model.weights.h5":
        network.save_weights(path)
    else:
        network.save(path)
