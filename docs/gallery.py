"""Make docs/gallery.md and its pictures from real runs: `python docs/gallery.py` (some minutes).

Trains LeNet-5 on fashion-mnist, then runs every command of the page and keeps its figure.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

DOCS = Path(__file__).parent
FIGURES = DOCS / "images" / "gallery"
RUN, PICTURE = "runs/fashion-mnist-lenet5", "boot.png"
TRAIN = "train fashion-mnist --model lenet5 --epochs 6"
# heading, what the figure shows, command without --out, its suffix
ROWS = (
    (
        "A convolution, step by step",
        "The lecture's filter slides over its 6×6 pixels. How to read it: the orange frame is the place of the filter; each cell of"
        " the products is one pixel times one weight; their sum is the framed number of the map. Then ReLU, row by row, and max"
        " pooling, window by window, the maximum framed in blue.",
        "convolution",
        "gif",
    ),
    (
        "A curve detector",
        "The same filter on a curve like it and on another shape. How to read it: the orange frames are the pixels where the filter"
        " has weights. In the first row five of them are bright, and the products add up to 6600; in the second all of them are dark:"
        " 0.",
        "convolution --example curve",
        "png",
    ),
    (
        "Max pooling",
        "Two maps, each pooled on its own. How to read it: a window, its maximum, its number in the pooled map and its line of text"
        " have the same colour.",
        "convolution --example maxpool",
        "png",
    ),
    (
        "An edge filter on a photograph",
        "A Sobel filter for vertical edges on a cat in colour, ReLU and max pooling. How to read it: red is positive (brighter to the"
        " right), blue negative, white zero; ReLU keeps the red. Below are the products of the framed place, channel by channel; their"
        " three sums add up to its number.",
        "convolution --picture cat.png --filter sobel-x --through relu,maxpool --at 20,30",
        "png",
    ),
    (
        "A volume of activation maps",
        "Six filters of 5×5×3 on a photograph of 32×32×3. How to read it: each filter has a slice for each colour and gives one map of"
        " 28×28; the framed number of a map is the sum of 75 products and a bias. Edges of either direction, spots, brightness and two"
        " pairs of colours.",
        "convolution --example volume",
        "png",
    ),
    (
        "The receptive field grows",
        "Three 3×3 layers, seen from one unit of the last. How to read it: it depends on 3×3 units of the layer below, these on 5×5,"
        " these on 7×7 pixels. The table has the weights of the stack so far, and of one convolution that sees as much.",
        'receptive-field "conv3x3 conv3x3 conv3x3" --channels 64',
        "png",
    ),
    (
        "One unit, recomputed",
        "Why channel 3 of the second convolution has this value at this position: its patch, its kernel, the contribution of each"
        " input channel, and their sum next to the network's own value.",
        f"unit {RUN} {PICTURE} --layer conv2 --channel 3 --at 4,5",
        "png",
    ),
    (
        "The challenges of recognition",
        "A row for each challenge, the strength growing from left to right; beneath each picture the label, green while it is that of the"
        " picture as it is, and its confidence.",
        "challenges package:efficientnet_lite0 cat.png",
        "png",
    ),
    (
        "A network as blocks",
        "GoogLeNet: nine modules of branches, and in dashed boxes the two heads that run in training only. A box has the kind, its filters"
        " (`64@7x7/2`: 64 of 7×7 at stride 2), its output and its parameters.",
        "network googlenet",
        "png",
    ),
    (
        "Networks next to each other",
        "Counts, and the receptive field after each layer with weights, both axes logarithmic: three of VGG's 3×3 see what one 7×7"
        " sees, and a field above the dashed line is larger than the input.",
        "models alexnet-lecture vgg16 googlenet resnet152",
        "png",
    ),
    (
        "The winners of ILSVRC",
        "Top-5 error of each year's winner with its layers; grey without a network, the dashed line is a person.",
        "models --ilsvrc",
        "png",
    ),
    (
        "The line of descent",
        "Each step with its year and the idea that it adds; an arrow leads from what it builds on.",
        "models --descent",
        "png",
    ),
    ("Filters", "The six filters of LeNet-5's first layer, each 5×5, after six epochs.", f"filters {RUN} --scale shared", "png"),
    (
        "A bank of Gabor filters",
        "Filters designed by hand after the simple cells of the cortex: eight directions, even (a bar) and odd (an edge), two"
        " wavelengths. Red adds to the response, blue subtracts from it: the response is largest where the picture has the same"
        " stripes.",
        "filters gabor",
        "png",
    ),
    (
        "Filters learnt without labels",
        "A hundred filters in which photographs have a sparse code, the best fitted by a Gabor function first. Compare a filter with"
        " the Gabor function below it; in the plane each point is a filter, its angle across and its frequency up. All angles occur,"
        " and few frequencies.",
        "simple-cells --compare alexnet --compare package:efficientnet_lite0",
        "png",
    ),
    ("Feature maps", "The activations of every stage, the most active channels first.", f"features {RUN} {PICTURE} --most 8", "png"),
    (
        "Hand-designed features",
        "What HOG sees in a photograph: strokes along the edges of each cell, the brighter, the stronger; below, the feature vector that"
        " the classifier is given in place of the pixels.",
        "features hog cat.png",
        "png",
    ),
    (
        "Theoretical and effective receptive field",
        "The box is the theoretical receptive field; the gradient shows that only a small part of it has much influence.",
        f"receptive-field {RUN} {PICTURE} --layer conv2",
        "png",
    ),
    (
        "Strongest patches of a channel",
        "The nine strongest patches of 1,000 training pictures, and below each its deconvnet reconstruction.",
        f"patches {RUN} fashion-mnist --layer conv2 --channel 3 --channel 7 --deconvnet",
        "png",
    ),
    (
        "Activation maximisation",
        "Pictures optimised for the classes T-shirt, trouser, dress, boot; none of them resembles a training picture.",
        f"maximise {RUN} --layer fc3 --channel 0 --channel 1 --channel 3 --channel 9",
        "png",
    ),
    (
        "Why this prediction",
        "Grad-CAM with its checks: deletion and insertion, random weights, and the next class.",
        f"why {RUN} {PICTURE}",
        "png",
    ),
    ("Every method compared", "The maps of all methods, and which of them fail a check.", f"why {RUN} {PICTURE} --method all", "png"),
    (
        "The space of features",
        "400 test pictures, arranged by their features with t-SNE.",
        f"embedding {RUN} fashion-mnist --part test --layout tsne",
        "png",
    ),
    ("Nearest neighbours", "The training pictures with the nearest features.", f"neighbours {RUN} {PICTURE} fashion-mnist", "png"),
    (
        "From the file to the network",
        "A photograph at every stage of preprocessing, and the predictions that common mistakes would cause.",
        f"preprocessing {RUN} cat.png",
        "png",
    ),
)  # fmt: skip


LEAD = f"""<!-- Made by docs/gallery.py from real runs. Do not edit. -->

# Gallery

Every figure is the output of the command above it, for a LeNet-5 trained by `clearsight {TRAIN}` and a
test picture. [Look inside a network](how-to/look.md) explains how to read them.
"""


def section(heading: str, words: str, command: str, suffix: str) -> str:
    """A heading, what the figure shows, the command, the figure."""
    name = figure(heading, suffix)
    return f"## {heading}\n\n{words}\n\n```sh\nclearsight {whole(command)} --out {name}\n```\n\n![{heading}](images/gallery/{name})\n"


def whole(command: str) -> str:
    """The command with its verb, `look` if it has none."""
    return command if command.startswith("models ") else f"look {command}"


def figure(heading: str, suffix: str) -> str:
    """The file of a figure."""
    return f"{heading.lower().replace(',', '').replace(' ', '-')}.{suffix}"


def main() -> None:
    """Train, run every command, and write the page."""
    from skimage import data

    from clearsight.datasets.open import open_dataset

    FIGURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        clearsight(folder, TRAIN)
        test = open_dataset("fashion-mnist").parts["test"]
        Image.fromarray(np.asarray(test.source(0)).squeeze()).save(Path(folder, PICTURE))
        Image.fromarray(data.chelsea()).save(Path(folder, "cat.png"))
        for heading, _, command, suffix in ROWS:
            name = figure(heading, suffix)
            clearsight(folder, f"{whole(command)} --out {name}")
            (FIGURES / name).write_bytes(Path(folder, name).read_bytes())
    (DOCS / "gallery.md").write_text("\n".join([LEAD, *(section(*row) for row in ROWS)]), encoding="utf-8")


def clearsight(folder: str, command: str) -> None:
    """One command in `folder`; its exit code is ignored, since a failed check is a result too."""
    print("clearsight", command, flush=True)
    python_path = os.pathsep.join(path for path in sys.path if path)
    subprocess.run([sys.executable, "-m", "clearsight", *shlex.split(command)], cwd=folder, env={**os.environ, "PYTHONPATH": python_path})


if __name__ == "__main__":
    main()
