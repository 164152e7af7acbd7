"""`clearsight look`: one thin file per sub-verb."""

import click

from ..group import Verbs

LOOKS = {
    "convolution": "The lecture's filter, sliding over 6×6 pixels, number by number.",
    "unit": "One number of a network, recomputed term by term.",
    "filters": "The kernels of a convolution, or the templates of softmax regression, as pictures.",
    "softmax": "One picture's probabilities worked out: z, exp(z), sum, share.",
    "robustness": "How far features move under light and deformation.",
    "shifts": "Accuracy when every picture is shifted by one pixel.",
    "simple-cells": "Filters learnt from photographs without labels, and Gabor functions fitted to them.",
    "features": "The activation maps of each stage for a picture.",
    "patches": "The patches of a data set that activate a layer's channels most.",
    "maximise": "A picture optimised to excite a channel.",
    "summary": "Layer by layer: output, parameters, multiply-adds.",
    "challenges": "Clutter, illumination, occlusion, deformation, noise, in growing strength.",
    "variation": "The members of a class that differ most.",
    "network": "A network drawn as blocks: what repeats, shortcuts, auxiliary heads.",
    "why": "Heat maps that explain an answer, and checks of them.",
    "embedding": "Pictures laid out by their features.",
    "views": "Two views of a picture and their similarity, from which SimCLR learns.",
    "tuning": "Which stages fine-tuning trains, and which stay frozen.",
    "neighbours": "The nearest pictures by their features.",
    "augment": "Augmentations of training pictures.",
    "preprocessing": "A picture at every stage of preprocessing, and common mistakes.",
    "receptive-field": "Theoretical and effective receptive fields.",
}


@click.group(cls=Verbs, verbs=LOOKS, home="clearsight.cli.look")
def look() -> None:
    """See and check what happens inside a network.

    MODEL is a run folder, trained weights (torchvision:resnet50), a network of `clearsight models` or a formula; the last two
    are built with random, untrained weights, and are marked so.

    \b
      clearsight look convolution --out slide.gif
      clearsight look unit runs/pets cat.jpg --layer layer1 --channel 17 --at 5,9
      clearsight look receptive-field "conv3x3 conv3x3 conv3x3" --input 32x32x3
    """
