"""Make docs/gallery.md and its pictures from real runs: `python docs/gallery.py` (some minutes); with words only those headings.

Trains LeNet-5 and softmax regression on fashion-mnist, then runs every command of the page and keeps its figure.
"""

import io
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
RUN, PIXELS, PICTURE = "runs/fashion-mnist-lenet5", "runs/fashion-mnist-pixels", "boot.png"
TRAIN = "train fashion-mnist --model lenet5 --epochs 6"
TRAIN_PIXELS = "train fashion-mnist --model pixels --epochs 6"
VERBS = ("models", "attack")  # commands of their own; all others are `look …`
COLOURS = 256  # of a picture with photographs, which halves its file
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
        "Why channel 3 of the second convolution has this value at this position: its patch, its kernel, the contribution of "
        "each input channel, and their sum next to the network's own value. How to read it: a bar is the sum of one input "
        "channel's products, blue upwards or orange downwards; with the bias they make the number, and what follows is applied "
        "to it.",
        f"unit {RUN} {PICTURE} --layer conv2 --channel 3 --at 4,5",
        "png",
    ),
    (
        "The templates of softmax regression",
        "The weights of each class as a picture. How to read it: a bright pixel where the template is red is evidence for the class,"
        " where it is blue evidence against it, where it is white neither. There are as many weights as pixels times classes.",
        f"filters {PIXELS}",
        "png",
    ),
    (
        "Softmax number by number",
        "One picture's logits z, their powers e^z, and each share of their sum. How to read it: each row is a class, from left to right;"
        " the shares add up to 1, and the largest one is the label with its confidence. The map shows which pixels spoke for the label.",
        f"softmax {PIXELS} {PICTURE}",
        "png",
    ),
    (
        "A shift by one pixel",
        "The accuracy when every picture moves by one pixel in each of eight directions. How to read it: in the centre is the accuracy as"
        " the pictures are; softmax regression loses much more than the network with convolutions and pooling.",
        f"shifts {PIXELS} {RUN} --n 1000",
        "png",
    ),
    (
        "The challenges of recognition",
        "A row for each challenge, the strength growing from left to right; beneath each picture the label, green while it is "
        "that of the picture as it is, and its confidence. How to read it: go along a row until the label turns red: that is "
        "the strength at which the answer changes. A falling confidence tells of it before.",
        "challenges package:efficientnet_lite0 cat.png",
        "png",
    ),
    (
        "Variation within a class",
        "The windmills that differ most by the features of EfficientNet-Lite0. How to read it: the first two are the farthest apart of all;"
        " beneath each is its cosine distance to the nearest of the others, 0 for the same direction.",
        "variation package:efficientnet_lite0 photos --class windmills",
        "png",
    ),
    (
        "A network as blocks",
        "GoogLeNet: nine modules of branches, and in dashed boxes the two heads that run in training only. A box has the kind, "
        "its filters (`64@7x7/2`: 64 of 7×7 at stride 2), its output and its parameters. How to read it: follow the arrows row "
        "by row; the colour of an edge is the kind of layer, and the sum of parameters is beneath.",
        "network googlenet",
        "png",
    ),
    (
        "Residual connections",
        "ResNet-50 as blocks, repeated bottlenecks drawn once. How to read it: ×2 stands for two equal blocks, the orange line for the"
        " shortcut that is added to a block's output; 3, 4, 6 and 3 blocks make 16 sums and 50 layers with weights.",
        "network resnet50",
        "png",
    ),
    (
        "Networks next to each other",
        "Counts, and the receptive field after each layer with weights, both axes logarithmic: three of VGG's 3×3 see what one "
        "7×7 sees, and a field above the dashed line is larger than the input. How to read it: a steeper curve sees more with "
        "fewer layers, by larger filters or strides; the table has what that costs.",
        "models alexnet-lecture vgg16 googlenet resnet152",
        "png",
    ),
    (
        "The winners of ILSVRC",
        "Top-5 error of each year's winner with its layers; grey without a network, the dashed line is a person. How to read "
        "it: each bar is one year, its number the error in per cent; the step from 2011 to 2012 is the first network.",
        "models --ilsvrc",
        "png",
    ),
    (
        "The line of descent",
        "Each step with its year and the idea that it adds; an arrow leads from what it builds on. How to read it: start at the"
        " upper left with the visual cortex; blue boxes are networks that can be trained here.",
        "models --descent",
        "png",
    ),
    (
        "Accuracy by parameters",
        "The models of Keras' table with a published accuracy. How to read it: higher is more accurate, further left is smaller, on a"
        " logarithmic axis; the VGGs have the most parameters and are among the least accurate.",
        "models --table keras",
        "png",
    ),
    (
        "Filters",
        "The six filters of LeNet-5's first layer, each 5×5, after six epochs. How to read it: red weights add, blue ones "
        "subtract, white ones do nothing; a filter with red on one side and blue on the other finds an edge.",
        f"filters {RUN} --scale shared",
        "png",
    ),
    (
        "A bank of Gabor filters",
        "Filters designed by hand after the simple cells of the cortex: eight directions, even (a bar) and odd (an edge), two "
        "wavelengths. Red adds to the response, blue subtracts from it: the response is largest where the picture has the same "
        "stripes. How to read it: "
        "two neighbours have one direction, the first even and the second odd; the last sixteen have the wider stripes.",
        "filters gabor",
        "png",
    ),
    (
        "Filters learnt without labels",
        "A hundred filters in which photographs have a sparse code, the best fitted by a Gabor function first. Compare a filter"
        " with the Gabor function below it; in the plane each point is a filter, its angle across and its frequency up. All "
        "angles occur, and few frequencies. How to read it: a filter and the Gabor function below it look the same where R² is "
        "near 1.",
        "simple-cells --compare alexnet --compare package:efficientnet_lite0",
        "png",
    ),
    (
        "Feature maps",
        "The activations of every stage, the most active channels first. How to read it: each map is what one filter found at "
        "each place; compare the sole and the outline of the boot from stage to stage, as maps become coarser.",
        f"features {RUN} {PICTURE} --most 8",
        "png",
    ),
    (
        "Hand-designed features",
        "What HOG sees in a photograph: strokes along the edges of each cell, the brighter, the stronger; below, the feature "
        "vector that the classifier is given in place of the pixels. How to read it: a stroke has the direction of the edge in "
        "its cell; in the vector each cell has its place, row by row.",
        "features hog cat.png",
        "png",
    ),
    (
        "Features under light and deformation",
        "How far features move when a picture changes, as a share of the distance to pictures of other classes. How to read it: 1 means"
        " that the change moves a picture as far as another class is away. HOG moves less than pixels under light and more under a shift;"
        " a histogram of colours does the opposite.",
        "robustness photos pixels hog histogram --n 40",
        "png",
    ),
    (
        "Theoretical and effective receptive field",
        "The box is the theoretical receptive field; the gradient shows that only a small part of it has much influence. How to"
        " read it: a bright pixel changes the unit much, a dark one inside of the box hardly; outside of the box nothing does.",
        f"receptive-field {RUN} {PICTURE} --layer conv2",
        "png",
    ),
    (
        "Strongest patches of a channel",
        "The nine strongest patches of 1,000 training pictures, and below each its deconvnet reconstruction. How to read it: "
        "look for what the nine have in common; in the reconstruction it is bright or dark, and grey means no influence.",
        f"patches {RUN} fashion-mnist --layer conv2 --channel 3 --channel 7 --deconvnet",
        "png",
    ),
    (
        "Activation maximisation",
        "Pictures optimised for the classes T-shirt, trouser, dress, boot; none of them resembles a training picture. How to "
        "read it: below each is its mean activation before and after; what excites a class most need not look like it.",
        f"maximise {RUN} --layer fc3 --channel 0 --channel 1 --channel 3 --channel 9",
        "png",
    ),
    (
        "Why this prediction",
        "Grad-CAM with its checks: deletion and insertion, random weights, and the next class. How to read it: bright pixels "
        "speak for the class by this method; believe the map only as far as the four checks hold.",
        f"why {RUN} {PICTURE}",
        "png",
    ),
    (
        "Every method compared",
        "The maps of all methods, and which of them fail a check. How to read it: the maps disagree, so that none of them is "
        "the reason by itself; beneath each is which check it fails.",
        f"why {RUN} {PICTURE} --method all",
        "png",
    ),
    (
        "The space of features",
        "400 test pictures, arranged by their features with t-SNE. How to read it: neighbours have similar features; distances "
        "between islands mean little in t-SNE, and the purity is measured on the features themselves.",
        f"embedding {RUN} fashion-mnist --part test --layout tsne",
        "png",
    ),
    (
        "The space before and after training",
        "The same pictures by the features of random weights and of the trained network. How to read it: a point is a picture, a colour its"
        " class; before training classes lie on top of each other, after it each has a place. `purity` is the share of neighbours of the"
        " same class.",
        f"embedding {RUN} fashion-mnist --part test --layout tsne --before lenet5",
        "png",
    ),
    (
        "Two views of a picture",
        "What SimCLR learns from: two random views of each of four photographs, and the similarities of all eight. How to read it: the two"
        " views of a picture are next to each other in the matrix, so that the cells next to its diagonal are to be bright and all others"
        " dark. Below, NT-Xent is worked out for two pictures.",
        "views package:efficientnet_lite0 photos --before efficientnet_lite0 --pictures 4",
        "png",
    ),
    (
        "Augmentation",
        "A row for each change: a photograph and seven changed copies of it. How to read it: each copy has the same label, so people should"
        " still recognise it; a change that hides the label is too strong.",
        "augment photos --augment 'flip crop rrc:0.35 rotate:30 jitter:0.4 erase' --pictures 8",
        "png",
    ),
    (
        "What fine-tuning trains",
        "ResNet-18 under gradual unfreezing. How to read it: a row is a phase, a column a stage with its number of parameters; grey is"
        " frozen, blue trained. First the new head alone, then one stage more in each phase, towards the input.",
        "tuning resnet18 --tune gradual",
        "png",
    ),
    (
        "An adversarial picture",
        "A photograph, the sign of the gradient, and their sum. How to read it: each value moves by ε = 0.007, at most two of 255 levels,"
        " which cannot be seen; label and confidence beneath the first and the third are the network's.",
        "attack package:efficientnet_lite0 cat.png --epsilon 0.007",
        "png",
    ),
    (
        "Nearest neighbours",
        "The training pictures with the nearest features. How to read it: beneath each is its class and the cosine between its "
        "features and the picture's; 1 is the same direction.",
        f"neighbours {RUN} {PICTURE} fashion-mnist",
        "png",
    ),
    (
        "From the file to the network",
        "A photograph at every stage of preprocessing, and the predictions that common mistakes would cause. How to read it: "
        "the pictures are the stages in order; in the table each line is a mistake, and in red is the one that changes the "
        "label.",
        f"preprocessing {RUN} cat.png",
        "png",
    ),
)  # fmt: skip


LEAD = f"""<!-- Made by docs/gallery.py from real runs. Do not edit. -->

# Gallery

Every figure is the output of the command above it. LeNet-5 and softmax regression were trained by `clearsight {TRAIN}`
and `clearsight {TRAIN_PIXELS}`; `boot.png` is a test picture. [Look inside a network](how-to/look.md) has every option.
"""


def section(heading: str, words: str, command: str, suffix: str) -> str:
    """A heading, what the figure shows, the command, the figure."""
    name = figure(heading, suffix)
    return f"## {heading}\n\n{words}\n\n```sh\nclearsight {whole(command)} --out {name}\n```\n\n![{heading}](images/gallery/{name})\n"


def whole(command: str) -> str:
    """The command with its verb, `look` if it has none."""
    return command if command.split()[0] in VERBS else f"look {command}"


def figure(heading: str, suffix: str) -> str:
    """The file of a figure."""
    return f"{heading.lower().replace(',', '').replace(' ', '-')}.{suffix}"


def compressed(path: Path) -> bytes:
    """A PNG with at most COLOURS colours where that makes it smaller; every other file as it is."""
    if path.suffix != ".png":
        return path.read_bytes()
    stream = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return min(path.read_bytes(), stream.getvalue(), key=len)


def main(*wanted: str) -> None:
    """Train, run the commands of the headings `wanted` (all of them without any), and write the page."""
    from skimage import data

    from clearsight.datasets.open import open_dataset

    FIGURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        chosen = [row for row in ROWS if not wanted or row[0] in wanted]
        for run, words in ((RUN, TRAIN), (PIXELS, TRAIN_PIXELS)):
            if any(run in command for _, _, command, _ in chosen):
                clearsight(folder, words)
        test = open_dataset("fashion-mnist").parts["test"]
        Image.fromarray(np.asarray(test.source(0)).squeeze()).save(Path(folder, PICTURE))
        Image.fromarray(data.chelsea()).save(Path(folder, "cat.png"))
        for heading, _, command, suffix in chosen:
            name = figure(heading, suffix)
            clearsight(folder, f"{whole(command)} --out {name}")
            (FIGURES / name).write_bytes(compressed(Path(folder, name)))
    (DOCS / "gallery.md").write_text("\n".join([LEAD, *(section(*row) for row in ROWS)]), encoding="utf-8")


def clearsight(folder: str, command: str) -> None:
    """One command in `folder`; its exit code is ignored, since a failed check is a result too."""
    print("clearsight", command, flush=True)
    python_path = os.pathsep.join(path for path in sys.path if path)
    subprocess.run([sys.executable, "-m", "clearsight", *shlex.split(command)], cwd=folder, env={**os.environ, "PYTHONPATH": python_path})


if __name__ == "__main__":
    main(*sys.argv[1:])
