"""Train with an augmentation of your own: a function from a picture uint8 (C, H, W) to another."""

import torch
from torch import Tensor

import clearsight as cs


def ink(picture: Tensor) -> Tensor:
    """Scale the brightness by a random factor; draws follow from the seed, the epoch and the picture."""
    return (picture.float() * (0.5 + torch.rand(()))).clamp(0, 255).round().to(torch.uint8)


if __name__ == "__main__":
    cs.testing.check_augmentation(ink)
    # named as the command line names it; a module of yours in place of __main__ can be resumed elsewhere
    run = cs.train("digits", model="lenet5", epochs=2, augment="crop:1 @__main__:ink")
    print(cs.evaluate(run).headline())
