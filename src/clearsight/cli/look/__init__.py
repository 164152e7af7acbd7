"""`clearsight look`: one thin file per sub-verb."""

import click

from ..group import Verbs

LOOKS = {
    "convolution": "The lecture's filter, sliding over 6×6 pixels, number by number.",
    "unit": "One number of a network, computed again by hand.",
    "filters": "The kernels of a convolution, as pictures.",
    "features": "What the channels of each stage make of a picture.",
    "patches": "Where in a data set the channels of a layer are excited most.",
    "maximise": "A picture made for a channel: its activation maximised.",
    "summary": "Layer by layer: output, parameters, multiply-adds.",
    "why": "Which pixels speak for an answer, and whether the map can be believed.",
    "embedding": "Pictures where their features put them.",
    "neighbours": "The pictures that are most like one to the network.",
    "augment": "What changes to training pictures make of them.",
    "preprocessing": "A picture on its way to the network, and what the usual mistakes do.",
    "receptive-field": "What of the picture a unit can see, and what it heeds.",
}


@click.group(cls=Verbs, verbs=LOOKS, home="clearsight.cli.look")
def look() -> None:
    """See and check what happens inside a network.

    MODEL is a run folder, trained weights (torchvision:resnet50), a network of `clearsight models` or a formula; the last two
    are built with their first, untrained weights, and it is printed.

    \b
      clearsight look convolution --out slide.gif
      clearsight look unit runs/pets cat.jpg --layer layer1 --channel 17 --at 5,9
      clearsight look receptive-field "conv3x3 conv3x3 conv3x3" --input 32x32x3
    """
