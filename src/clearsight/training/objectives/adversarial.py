"""Adversarial training: images are perturbed so that the network misclassifies them.

FGSM from a random start: E. Wong, L. Rice, Z. Kolter, Fast is better than free, ICLR 2020. PGD: A. Madry et al., 2017. TRADES: H. Zhang
et al., ICML 2019. Free: A. Shafahi et al., Adversarial training for free!, NeurIPS 2019; here every batch starts at a random
perturbation and not at that of the batch before, so that only the weights have to be saved. Noise: for certified radii (J. Cohen et al.,
ICML 2019), with ε as its standard deviation.

Shapes: N pictures, K classes; inputs are normalised, ε is in units of [0, 1].
"""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from ...attacks.gradient_ascent import NORMS, Loss, Scores, ascend, cross_entropy, misclassified, normal, per_picture, random_start
from ...base.compute.undisturbed import undisturbed
from ...base.randomness import permutation, uniform
from ...images.preprocess import Preprocessing
from ...recipes.methods import ATTACKED, Method, Perturbation
from ..compute.training_model import TrainingModel
from ..context import TrainingContext
from ..interrupt import Stop
from ..optim.loss import classification_losses
from ..validation.selection import tied
from .supervised import Supervised

PROBE = Method(10, 0.25)  # the attack on validation images after each epoch
COLLAPSE = 0.5  # of the best robust accuracy so far: below, the training has overfitted to its own attack


class Adversary:
    """The inner attack of one step and the losses of its result; `net` computes both."""

    def __init__(self, how: Perturbation, net: TrainingModel, preprocessing: Preprocessing, seed: int, epoch: int) -> None:
        self.how, self.net, self.preprocessing, self.seed, self.epoch = how, net, preprocessing, seed, epoch
        # of `free`: the pictures of each part of the batch, and where they are
        self.pictures: dict[int, Tensor] = {}
        self.moved: dict[int, Tensor] = {}

    def losses(self, part: int, indices: Tensor, inputs: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        """Logits `(N, K)` and losses `(N,)` of normalised `inputs` as the method moves them."""
        pictures = self.preprocessing.denormalise(inputs).clamp_(0, 1)
        method, radius = self.how.method, per_picture(self.how.epsilon, pictures)
        if method.beta:
            return self._trades(inputs, pictures, labels, smoothing)
        if method.noise:
            draws = uniform(self.seed, self.epoch, indices.to(pictures.device), "noise", pictures[0].numel())
            moved = pictures + self.how.epsilon * normal(draws).view_as(pictures)
        elif method.repeats > 1 and part in self.moved:
            moved = self.moved[part]
        else:
            moved = random_start(pictures, radius, NORMS["linf"], indices.to(pictures.device), self.seed, self.epoch)
        if method.steps:
            moved = self._searched(pictures, labels, moved, cross_entropy)
        if method.repeats > 1:
            self.pictures[part], self.moved[part] = pictures, moved.requires_grad_()
        return classification_losses(self.net.outputs(self.preprocessing.normalise(moved)), labels, smoothing)

    def learnt(self, part: int) -> None:
        """After backward: `free` moves the pictures of this part by the gradient that has come with the weights' own."""
        if self.how.method.repeats == 1:
            return
        moved, pictures = self.moved[part].detach(), self.pictures[part]
        gradient, radius = self.moved[part].grad, per_picture(self.how.epsilon, pictures)
        assert gradient is not None
        moved = moved + self.how.method.step * radius * gradient.sign()
        self.moved[part] = (pictures + NORMS["linf"].project(moved - pictures, radius)).clamp_(0, 1)

    def _searched(self, pictures: Tensor, labels: Tensor, start: Tensor, loss: Loss) -> Tensor:
        method = self.how.method
        with self.net.frozen() as net:

            def scores(moved: Tensor) -> Tensor:
                return net(self.preprocessing.normalise(moved))

            return ascend(
                scores, pictures, labels, self.how.epsilon,
                norm=NORMS["linf"], steps=method.steps, step=method.step, start=start, loss=loss, done=None,
            )  # fmt: skip

    def _trades(self, inputs: Tensor, pictures: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        with torch.no_grad(), self.net.frozen() as net:
            calm = F.softmax(net(inputs), dim=1)

        def apart(logits: Tensor, _: Tensor) -> Tensor:
            return F.kl_div(F.log_softmax(logits, dim=1), calm, reduction="none").sum(1)

        start = (pictures + 0.001 * torch.randn(pictures.shape, device=pictures.device)).clamp_(0, 1)
        moved = self._searched(pictures, labels, start, apart)
        # one pass for both, so that batch norm sees one batch
        both = self.net.outputs(torch.cat([inputs, self.preprocessing.normalise(moved)]))
        clean, other = both.chunk(2, dim=both.ndim - 2)
        logits, losses = classification_losses(clean, labels, smoothing)
        second, _ = classification_losses(other, labels)
        far = F.kl_div(F.log_softmax(second, dim=1), F.softmax(logits, dim=1), reduction="none").sum(1)
        return logits, losses + self.how.method.beta * far


class Adversarial(Supervised):
    """Cross-entropy of images that are perturbed so that the network misclassifies them; an epoch is scored by robust accuracy too."""

    def __init__(self, how: Perturbation) -> None:
        self.how, self.cost, self.repeats = how, how.cost, how.method.repeats
        self.adversary: Adversary | None = None

    def before_step(self, context: TrainingContext, net: TrainingModel) -> None:
        """A new search for each batch; it runs in evaluation mode, so all processes need the same batch-norm statistics."""
        self.adversary = Adversary(self.how, net, context.preprocessing, context.recipe.seed, context.state.counters.epoch)
        context.group.broadcast_tensors(context.state.model.buffers())

    def losses(self, context: TrainingContext, net: TrainingModel, index: Tensor, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `(N, K)` and losses `(N,)` of perturbed inputs."""
        assert self.adversary is not None
        return self.adversary.losses(int(index[0]), index, inputs, labels, context.recipe.label_smoothing)

    def after_backward(self, index: Tensor) -> None:
        """`free` moves the images of this micro-batch by their gradient."""
        assert self.adversary is not None
        self.adversary.learnt(int(index[0]))

    def judge(self, context: TrainingContext, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, float]:
        """Loss and accuracy on validation, and robust accuracy where images are attacked in training."""
        found = super().judge(context, weights, stop)
        return found if self.how.method.noise else {**found, "robust_accuracy": robust_accuracy(context, self.how, weights)}

    def failed(self, context: TrainingContext) -> bool:
        """Whether the epochs so far end in catastrophic overfitting, beyond what is chance on so many images."""
        return collapsed(_robust(context), context.deciding)

    def after_epoch(self, context: TrainingContext) -> None:
        """Log catastrophic overfitting in the first epoch that shows it."""
        if self.failed(context) and not collapsed(_robust(context)[:-1], context.deciding):
            stops = f"stopped; epoch {context.state.counters.best_epoch} is kept"
            does = "validation decides nothing, so it trains on" if context.recipe.keep == "last" else stops
            context.log(f"the network has overfitted to its own attack (robust accuracy fell by half): {does}")


def _robust(context: TrainingContext) -> list[float]:
    return [row["robust_accuracy"] for row in context.state.counters.rows if "robust_accuracy" in row]


def robust_accuracy(context: TrainingContext, how: Perturbation, weights: dict[str, Tensor] | None) -> float:
    """The share of some validation images, the same in each epoch, that are still right after PGD."""
    model, chosen = context.state.model, permutation(context.recipe.seed, -3, len(context.val))[:ATTACKED]

    def scores(pictures: Tensor) -> Tensor:
        inputs = context.preprocessing.normalise(pictures)
        found: Tensor = functional_call(model, weights, (inputs,)) if weights else model(inputs)
        return found

    with undisturbed(model, freeze=True):
        pictures = context.val.batch(chosen).to(context.device).float() / 255
        return probe(how, scores, pictures, context.val.labels[chosen].to(context.device), context.recipe.seed)


def probe(how: Perturbation, scores: Scores, pictures: Tensor, labels: Tensor, seed: int) -> float:
    """Share of `pictures` (N, C, H, W) in [0, 1] that are still right after PGD with the ε of the training."""
    indices = torch.arange(len(labels), device=pictures.device)
    start = random_start(pictures, per_picture(how.epsilon, pictures), NORMS["linf"], indices, seed, -1)
    moved = ascend(scores, pictures, labels, how.epsilon, norm=NORMS["linf"], steps=PROBE.steps, step=PROBE.step, start=start)
    with torch.no_grad():
        kept = ~misclassified(scores(pictures), labels) & ~misclassified(scores(moved), labels)
    return float(kept.float().mean())


def collapsed(history: list[float], n: int) -> bool:
    """Whether the robust accuracies of the epochs so far, on `n` pictures, end in catastrophic overfitting."""
    return len(history) > 1 and history[-1] < COLLAPSE * max(history) and not tied(history[-1], max(history), n)
