"""Tables of the lecture that no network computes: ILSVRC's winners, the line of descent, and Keras' list of models, with their sources."""

import csv
from importlib.resources import files
from typing import Any, NamedTuple

from ..base.compute.device import shapes_only
from . import build, facts, family, published, topological
from .summary import summarise

RUSSAKOVSKY = "Russakovsky et al.: ImageNet large scale visual recognition challenge, IJCV 2015, section 5"
HUMAN, HUMAN_SOURCE = 0.051, "Russakovsky et al., IJCV 2015, section 6: one trained annotator on 1,500 test pictures"


class Winner(NamedTuple):
    """The winner of ILSVRC's classification task: `error` is top-5 on the test set, a fraction of 1; `layers` 0 without a network.

    `network` is the network here that is nearest to it, and `remark` what has to be known of the number.
    """

    year: int
    team: str
    method: str
    layers: int
    error: float
    network: str
    source: str
    remark: str = ""


ILSVRC = (
    Winner(2010, "NEC-UIUC", "HOG and LBP, coded, linear SVM", 0, 0.282, "", f"{RUSSAKOVSKY}; Lin et al., CVPR 2011"),
    Winner(2011, "XRCE", "SIFT and colour as Fisher vectors, linear SVM", 0, 0.258, "", f"{RUSSAKOVSKY}; Perronnin et al., 2011"),
    Winner(
        2012, "SuperVision", "AlexNet", 8, 0.153, "alexnet-2012", "Krizhevsky et al., NIPS 2012, table 2",
        "seven networks; 15.4 % on the validation set, which the lecture cites; 16.4 % without other training data",
    ),
    Winner(
        2013, "Clarifai", "ZFNet, enlarged", 8, 0.117, "zfnet", f"{RUSSAKOVSKY}; Zeiler, Fergus, ECCV 2014",
        "11.2 % with other training data",
    ),
    Winner(2014, "GoogLeNet", "GoogLeNet", 22, 0.0667, "googlenet", "Szegedy et al., CVPR 2015, table 2", "seven networks"),
    Winner(2015, "MSRA", "ResNet", 152, 0.0357, "resnet152", "He et al., CVPR 2016, table 5", "six networks"),
    Winner(
        2016, "Trimps-Soushen", "ensemble of Inception and residual networks", 0, 0.02991, "",
        "image-net.org/challenges/LSVRC/2016/results, task 2a", "no depth is published for the ensemble; ResNeXt was second",
    ),
    Winner(
        2017, "WMW", "SENet", 154, 0.02251, "", "Hu et al., CVPR 2018; image-net.org/challenges/LSVRC/2017/results, task 2a",
        "ensemble; the largest is SENet-154",
    ),
)  # fmt: skip
SECOND = Winner(2014, "VGG", "VGG", 19, 0.073, "vgg19", "Simonyan, Zisserman, ICLR 2015, table 7", "second to GoogLeNet")


class Step(NamedTuple):
    """A station of the descent: `place` is its column and row in the drawing, `after` what it builds on, `idea` what it adds."""

    key: str
    label: str
    year: int
    place: tuple[int, int]
    after: tuple[str, ...]
    idea: str
    network: str
    source: str


DESCENT = (
    Step("cells", "simple cells", 1959, (0, 0), (), "answer to oriented edges, complex cells to them anywhere nearby", "",
         "Hubel, Wiesel, J Physiol 1959 and 1962"),
    Step("neocognitron", "Neocognitron", 1980, (1, 0), ("cells",), "layers of S and C cells: a filter at all places, then blur",
         "neocognitron", "Fukushima, Biol Cybernetics 1980"),
    Step("backprop", "backprop", 1986, (3, 0), (), "error back-propagation: the gradient of all layers", "",
         "Rumelhart, Hinton, Williams, Nature 1986"),
    Step("lecun", "LeCun 1989", 1989, (2, 0), ("neocognitron", "backprop"), "shared weights, learnt by back-propagation", "lecun1989",
         "LeCun et al., Neural Comput 1989"),
    Step("alexnet", "AlexNet", 2012, (2, 1), ("lecun",), "ReLU, dropout, GPUs, a million pictures", "alexnet-2012",
         "Krizhevsky et al., NIPS 2012"),
    Step("zfnet", "ZFNet", 2013, (3, 1), ("alexnet",), "smaller first filters, chosen by looking inside", "zfnet",
         "Zeiler, Fergus, ECCV 2014"),
    Step("vgg", "VGG", 2014, (2, 2), ("alexnet",), "filters of 3×3 only, 16 to 19 layers", "vgg16", "Simonyan, Zisserman, ICLR 2015"),
    Step("googlenet", "GoogLeNet", 2014, (1, 1), ("alexnet",), "branches of several sizes, 1×1 before them", "googlenet",
         "Szegedy et al., CVPR 2015"),
    Step("unet", "U-Net", 2015, (3, 2), ("vgg",), "a class for every pixel", "unet", "Ronneberger et al., MICCAI 2015"),
    Step("resnet", "ResNet", 2015, (2, 3), ("vgg",), "shortcuts: 152 layers can be trained", "resnet152", "He et al., CVPR 2016"),
    Step("densenet", "DenseNet", 2016, (1, 3), ("resnet",), "each layer has the maps of all before it", "densenet121",
         "Huang et al., CVPR 2017"),
    Step("mobilenet", "MobileNet", 2017, (1, 2), ("googlenet",), "a filter for each channel, then 1×1", "mobilenet.keras",
         "Howard et al., 2017"),
    Step("efficientnet", "EfficientNet", 2019, (0, 2), ("mobilenet",), "depth, width and resolution grow together", "efficientnet_b0",
         "Tan, Le, ICML 2019"),
    Step("vit", "ViT", 2020, (4, 3), (), "attention between patches, from the transformers of language", "vit_b_16",
         "Dosovitskiy et al., ICLR 2021"),
    Step("convnext", "ConvNeXt", 2022, (3, 3), ("resnet", "vit"), "a ResNet with the transformer's choices", "convnext_tiny",
         "Liu et al., CVPR 2022"),
)  # fmt: skip


def keras_models() -> list[dict[str, Any]]:
    """The lecture's 26 models, a row each: the table's own size in MB, accuracies, parameters and depth (None for its `-`).

    `counted` are the stored values of the network here, `megabytes` these in float32, `topological` Keras' depth computed from the
    network (`topological`), `with_weights` the layers with weights on the longest way.
    """
    text = files("clearsight").joinpath("models/keras.csv").read_text(encoding="utf-8")
    known = facts.written()
    rows = []
    for row in csv.DictReader(text.splitlines()):
        network = f"{row['model'].lower()}.keras"
        counts = known[network]
        rows.append(
            {
                "model": row["model"],
                "network": network,
                "size_mb": int(row["size_mb"]),
                "megabytes": round(counts["stored"] * 4 / 2**20, 1),
                "top1": float(row["top1"]) if row["top1"] else None,
                "top5": float(row["top5"]) if row["top5"] else None,
                "parameters": int(row["parameters"]),
                "counted": counts["stored"],
                "depth": int(row["depth"]) if row["depth"] else None,
                "topological": int(row["topological"]),
                "with_weights": counts["depth"],
            }
        )
    return rows


def topological_depth(name: str) -> int:
    """Keras' depth of a network of the list, counted again."""
    home, (size, classes) = family(name).__name__.rsplit(".", 1)[-1], published(name)
    with shapes_only():
        model = build(name, classes, channels=size[0], height=size[1], width=size[2])
    return summarise(model, size, topological.counts(home)).steps + topological.more(home)


def keras_remarks() -> list[str]:
    """What of the table cannot be reproduced, and why."""
    rows = {row["model"]: row for row in keras_models()}
    same = [name for name, row in rows.items() if row["depth"] == row["topological"]]
    dense = [name for name, row in rows.items() if row["depth"] and row["depth"] == row["with_weights"]]
    v2 = rows["MobileNetV2"]
    apart = {name: (row["size_mb"], row["megabytes"]) for name, row in rows.items() if row["size_mb"] - row["megabytes"] > 4}
    off = ", ".join(f"{name} ({size} MB, values {values} MB)" for name, (size, values) in apart.items())
    return [
        f"depth is the table's, computed is Keras' topological depth of the network here (input, norms, activations, sums): equal for "
        f"{', '.join(same)}.",
        f"{', '.join(dense)}: the table's number is that of the layers with weights, not the topological depth.",
        f"MobileNetV2: the table's {v2['depth']} is MobileNet's; its own is {v2['topological']}.",
        f"size is the table's, of a file, up to 4 MB more than its values in float32; it cannot be reproduced for {off}.",
        "a dash: the lecture's table has no value there.",
    ]
