"""Train on a dataset class of your own: a length, and (picture, class name) by index."""

import numpy as np

import clearsight as cs


class Stripes:
    """Grey pictures with stripes across or down."""

    def __len__(self) -> int:
        return 120

    def __getitem__(self, index: int) -> tuple[np.ndarray, str]:
        """A picture uint8 `(32, 32)` and its class."""
        random = np.random.default_rng(index)  # the same each time
        picture = random.integers(0, 60, (32, 32), np.uint8)
        across = bool(index % 2)
        (picture if across else picture.T)[random.integers(7) :: 7] = 220
        return picture, "across" if across else "down"


cs.testing.check_dataset(Stripes())
data = cs.split(Stripes(), val=0.2, test=0.2)
run = cs.train(data, cs.Recipe(model="convnet"), epochs=2, out="stripes")
print(cs.evaluate(run, data["test"]).table())
