"""Attacks beside foolbox, torchattacks and ART: the same network, pictures, ε and steps.

    python benchmarks/attacks.py [--rounds 3] [--network convnet] [--pictures 1000] [--epochs 2] [--epsilon 0.1]

The network is trained on fashion-mnist first, some minutes, or is the run folder `--run`. Its own step is forward and backward through
normalisation and network; peers compute in batches of 256. PGD takes 20 steps of ε/10 from a random start. `curve` is PGD with
the accuracy at eight ε and every picture's least ε. Attacked are the pictures that the network gets right: pictures a second.
All take turns in one process; peers that are not installed are named and left out.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from common import Row, compare, finish, keep, load_check, parser
from torch import Tensor, nn

from clearsight.attacks.attack import attack
from clearsight.base.compute.memory import keep_large_buffers
from clearsight.classifier import Classifier, load
from clearsight.datasets.loader import load as load_pictures
from clearsight.datasets.open import open_dataset
from clearsight.training.api import train

BATCH, STEPS, STEP = 256, 20, 0.1
Batches = Callable[[], Iterator[tuple[Tensor, Tensor]]]


class Whole(nn.Module):
    """A classifier as a module from pixels in [0, 1] to logits, as peers want it: with weights as they are after training."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.model, self.preprocessing = classifier.model, classifier.preprocessing

    def forward(self, x: Tensor) -> Tensor:
        return self.model(self.preprocessing.normalise(x))


def ours(classifier: Classifier, pictures: Tensor, labels: Tensor, epsilon: float) -> dict[str, Callable[[], Any]]:
    plain = {"epsilon": epsilon, "check": False, "saving": False, "batch_size": BATCH}

    def run(method: str, curve: bool, **more: int) -> Callable[[], Any]:
        return lambda: attack(classifier, pictures, labels, method=method, curve=curve, **plain, **more)

    return {"fgsm": run("fgsm", False), "pgd": run("pgd", False, steps=STEPS), "curve": run("pgd", True, steps=STEPS)}


def foolbox(net: nn.Module, batches: Batches, epsilon: float) -> dict[str, Callable[[], Any]]:
    import foolbox

    model = foolbox.PyTorchModel(net, bounds=(0, 1), device="cpu")
    made = {
        "fgsm": foolbox.attacks.LinfFastGradientAttack(),
        "pgd": foolbox.attacks.LinfProjectedGradientDescentAttack(steps=STEPS, rel_stepsize=STEP),
    }
    return {name: lambda how=how: [how(model, x, y, epsilons=epsilon) for x, y in batches()] for name, how in made.items()}


def torchattacks(net: nn.Module, batches: Batches, epsilon: float) -> dict[str, Callable[[], Any]]:
    import torchattacks

    made = {"fgsm": torchattacks.FGSM(net, eps=epsilon), "pgd": torchattacks.PGD(net, eps=epsilon, alpha=STEP * epsilon, steps=STEPS)}
    return {name: lambda how=how: [how(x, y) for x, y in batches()] for name, how in made.items()}


def art(net: nn.Module, batches: Batches, epsilon: float) -> dict[str, Callable[[], Any]]:
    from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    shape = tuple(next(batches())[0].shape[1:])
    model = PyTorchClassifier(net, nn.CrossEntropyLoss(), shape, 10, clip_values=(0, 1), device_type="cpu")
    words = {"max_iter": STEPS, "num_random_init": 1, "verbose": False}
    made = {
        "fgsm": FastGradientMethod(model, eps=epsilon, batch_size=BATCH),
        "pgd": ProjectedGradientDescentPyTorch(model, eps=epsilon, eps_step=STEP * epsilon, batch_size=BATCH, **words),
    }
    return {name: lambda how=how: [how.generate(x.numpy(), y.numpy()) for x, y in batches()] for name, how in made.items()}


PEERS = {"foolbox": foolbox, "torchattacks": torchattacks, "art": art}
PACKAGES = {"art": "adversarial-robustness-toolbox"}


def trained(network: str, epochs: int) -> Classifier:
    with TemporaryDirectory() as folder:
        return train("fashion-mnist", model=network, epochs=epochs, out=str(Path(folder) / "run"), quiet=True).classifier


def main() -> None:
    made = parser(__doc__, rounds=3)
    made.add_argument("--network", default="convnet")
    made.add_argument("--run", default="", help="a run folder on fashion-mnist, which is then not trained")
    made.add_argument("--epochs", type=int, default=2)
    made.add_argument("--pictures", type=int, default=1000)
    made.add_argument("--epsilon", type=float, default=0.1)
    given = made.parse_args()
    keep_large_buffers()  # as every verb does
    notes = load_check()
    classifier = load(given.run) if given.run else trained(given.network, given.epochs)
    part = load_pictures(open_dataset("fashion-mnist").parts["test"], classifier.preprocessing, quiet=True)
    chosen = torch.arange(given.pictures)
    pictures, labels = part.batch(chosen).contiguous(), part.labels[chosen]
    values, net = pictures.float() / 255, Whole(classifier).eval().requires_grad_(True)
    with torch.no_grad():
        right = net(values).argmax(1) == labels
    pictures, labels, values = pictures[right], labels[right], values[right]

    contestants = {"clearsight": ours(classifier, pictures, labels, given.epsilon)}
    versions = {}
    for name, make in PEERS.items():
        try:
            contestants[name] = make(net, lambda: zip(values.split(BATCH), labels.split(BATCH), strict=True), given.epsilon)
        except ImportError as error:
            notes.append(f"{name} is missing: {error}")
            continue
        with suppress(PackageNotFoundError):
            versions[name] = version(PACKAGES.get(name, name))
    rates: dict[tuple[str, str], list[float]] = {}
    for turn in range(given.rounds + 1):
        for name, runs in contestants.items():
            for kind, do in runs.items():
                start = time.perf_counter()
                do()
                if turn:
                    rates.setdefault((name, kind), []).append(len(labels) / (time.perf_counter() - start))
                    keep({"contestant": name, "kind": kind, "pictures_per_second": rates[name, kind][-1]})
    titles = {"fgsm": "FGSM", "pgd": f"PGD, {STEPS} steps"}
    rows: list[Row] = [
        compare(titles[kind], rates["clearsight", kind], rates[name, kind], "pictures/s", against=name, goal=3.0)
        for kind in titles
        for name in contestants
        if name != "clearsight"
    ]
    rows.append(
        compare("PGD with its curve", rates["clearsight", "curve"], rates["clearsight", "pgd"], "pictures/s", against="one run", goal=0.5)
    )
    finish(given, f"Attacks on `{given.network}`, {len(labels):,} pictures of fashion-mnist", rows, notes, versions)


if __name__ == "__main__":
    main()
