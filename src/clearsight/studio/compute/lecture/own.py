"""The figures of the reader's network and picture, and those of the digits."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ....attacks.picture import attack_picture
from ....attacks.sweep import sweep
from ....augment.registry import parse
from ....datasets.dataset import Dataset
from ....look import views
from ....look.challenges import challenges as challenged
from ....look.challenges import variation as most_unlike
from ....look.embedding import embedded
from ....look.features import maps as feature_maps
from ....look.filters import kernels
from ....look.handmade.nudged import nudged
from ....look.target import subject_of
from ....reports.live.answer import live_answer
from ....reports.live.attack import live_attack
from ....reports.live.augment import live_augment
from ....reports.live.challenges import live_challenges
from ....reports.live.dog import live_dog
from ....reports.live.filters import live_filters
from ....reports.live.maps import live_maps
from ....reports.live.nt_xent import live_nt_xent
from ....reports.live.nudged import live_nudged
from ....reports.live.page import Live
from ....reports.live.regression import live_regression
from ....reports.live.softmax import live_softmax
from ....reports.live.top_k import live_top_k
from ....reports.live.tuning import live_tuning
from ....reports.live.variation import live_variation
from .given import NETWORK, NETWORKS, PICTURES, Given, begun, digits, example

EPSILONS = (0.007, 8 / 255, 32 / 255)  # of the panda that became a gibbon, and more, where that changes no answer
MOST = 24  # maps of a stage
CHANGES = "flip rotate:15 rotate:90 jitter:0.6 blur:1 crop:3"
VARIED = 300  # digits among which those that differ most are looked for
DRAWN, PAIRS = 10, 4  # digits to draw on; digits in two views


def answer(of: Given) -> Live:
    """The answer as a number, and the table of classes."""
    return live_answer(of.answering, of.picture, of.subject.shown(of.picture))


def softmax(of: Given) -> Live:
    """The logits of the picture, and the probabilities they become."""
    found = of.answering
    logits = found.scores(found.preprocessing.load(of.picture)[None])[0]
    return live_softmax(logits, found.classes, "The scores of a picture become probabilities", found.temperature)


def challenges(of: Given) -> Live:
    """The picture under the lecture's challenges."""
    return live_challenges(challenged(of.answering, of.picture))


def maps(of: Given) -> Live:
    """The maps of each stage."""
    return live_maps(feature_maps(of.subject.model, of.subject.inputs(of.picture)), "Feature maps, stage after stage", MOST)


def attack(of: Given) -> Live:
    """FGSM on the picture, up to the least of the ε that changes its answer."""
    for epsilon in EPSILONS:
        found = sweep(of.answering, attack_picture(of.answering, of.picture, epsilon=epsilon))
        if len({step["label"] for step in found.steps}) > 1:
            break
    return live_attack(found)


def tuning(of: Given) -> Live:
    """The stages of the network."""
    return live_tuning(of.subject.model, f"Retrain only this layer: {of.subject.name}")


def features(of: Given) -> Live:
    """Hand-designed features of the picture under other light, and moved."""
    return live_nudged(nudged(of.picture))


def dog(of: Given) -> Live:
    """A difference of Gaussians of the picture."""
    return live_dog(of.subject.shown(of.picture))


def augment(of: Given) -> Live:
    """Changed copies of the picture."""
    found = of.answering
    return live_augment(found, found.preprocessing.load(of.picture), parse(CHANGES))


def variation(_: Given) -> Live:
    """The digits of each class that differ most, by the features of LeNet-5."""
    by, part = subject_of(NETWORK, example()), digits().parts["test"]
    chosen, vectors = embedded(by, part, range(min(len(part), VARIED)))
    labels = part.labels[chosen].tolist()
    found = [most_unlike(vectors, labels, part.classes, label) for label in part.classes]
    return live_variation(found, vectors, lambda i: by.shown(part.source(chosen[i])), "LeNet-5, trained here on digits")


def filters(of: Given) -> Live:
    """The first filters of the network."""
    state = "" if of.subject.trained else ", not trained"
    return live_filters(*kernels(of.subject.model), f"The first layer of {of.subject.name}{state}", of.subject.trained)


def _pixels(data: Dataset) -> Tensor:
    """Grey pictures as values from 0 to 1, `(N, H, W)`."""
    return torch.from_numpy(np.stack([np.asarray(data.source(i)) for i in range(len(data))])).double() / 255


def regression(_: Given) -> Live:
    """Softmax regression on the digits' pixels; the first digits of the test part are there to begin with."""
    parts = digits().parts
    train, test = parts["train"], parts["test"].subset(range(DRAWN))
    return live_regression(_pixels(train), torch.from_numpy(train.labels.astype("int64")), _pixels(test), digits().classes)


def top_k(_: Given) -> Live:
    """The guesses for the digits of the test part."""
    return live_top_k(example(), digits().parts["test"])


def nt_xent(of: Given) -> Live:
    """Two views of digits, and how similar they are to LeNet-5 before and after its training with labels."""
    after, before = of.subject, begun()
    data, chosen = digits().parts["test"], list(range(PAIRS))
    pictures = torch.stack([before.preprocessing.load(data.source(i)) for i in chosen])
    made = views.two_views(parse(views.default_views(before)), pictures, torch.tensor(chosen), 0)
    networks = [before] + ([after] if after.trained and after.input_size == before.input_size else [])
    return live_nt_xent(made, [views.similarities(one, made) for one in networks])


BOTH = (NETWORKS, PICTURES)
# name → the function, and what of the reader's its figure is made of
OWN: dict[str, tuple[Callable[[Given], Live], tuple[str, ...]]] = {
    "answer": (answer, BOTH), "softmax": (softmax, BOTH), "challenges": (challenges, BOTH), "maps": (maps, BOTH),
    "attack": (attack, BOTH), "augment": (augment, BOTH),
    "tuning": (tuning, (NETWORKS,)), "own-filters": (filters, (NETWORKS,)), "nt-xent": (nt_xent, (NETWORKS,)),
    "features": (features, (PICTURES,)), "dog": (dog, (PICTURES,)),
    "variation": (variation, ()), "regression": (regression, ()), "top-k": (top_k, ()),
}  # fmt: skip
