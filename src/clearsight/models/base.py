"""What every network promises."""

from torch import Tensor, nn


class Model(nn.Module):
    """`features(x)` is the vector before the head, `head` the softmax regression on it, `forward(x)` the logits.

    `HEAD` is what the network's authors call their last layer. `STAGES` names the submodules whose outputs are worth
    looking at, in the order of computation. `LR_SCALES` gives the vectors and linear layers whose names end so a
    learning rate of their own under Muon, as a factor on that of the convolutions. `LOOKS_AT` is how many training pictures
    `initialise` is given, where there are so many. `HALVES` says whether bfloat16 is precise enough for it.
    """

    HEAD = "fc"
    STAGES: tuple[str, ...] = ()
    LOOKS_AT = 2048
    HALVES = True
    LR_SCALES: dict[str, float] = {}  # noqa: RUF012 — replaced per class, never changed

    @property
    def head(self) -> nn.Linear:
        """The last linear layer."""
        layer = self.get_submodule(self.HEAD)
        assert isinstance(layer, nn.Linear)
        return layer

    def features(self, x: Tensor) -> Tensor:
        """The feature vectors `(N, D)` of inputs `(N, C, H, W)`."""
        raise TypeError(f"{type(self).__name__} must say what its features are")

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)` of inputs `(N, C, H, W)`; in training `(1 + A, N, K)` where a network has A auxiliary heads."""
        logits: Tensor = self.head(self.features(x))
        return logits

    def initialise(self, inputs: Tensor) -> None:
        """Set weights from some normalised training inputs `(N, C, H, W)`, once, before the first step; most need none."""
