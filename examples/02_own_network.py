"""Train, judge and look into a network of your own."""

from torch import Tensor, nn

import clearsight as cs


class TinyNet(nn.Module):
    """Two convolutions and a linear layer."""

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(),
        )  # fmt: skip
        self.fc = nn.Linear(32 * 4 * 4, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)` of inputs `(N, C, H, W)`."""
        logits: Tensor = self.fc(self.body(x))
        return logits


cs.testing.check_model(TinyNet)
run = cs.train("digits", model=TinyNet, epochs=3, lr=1e-2)
print(cs.evaluate(run).headline())

# one number of the network, computed again from the numbers it is made of
picture = cs.open_dataset("digits")["test"].source(0)
print(cs.recompute(run, picture, layer="net.body.3", channel=5).table())
