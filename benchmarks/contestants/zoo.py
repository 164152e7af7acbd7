"""One network, ours and a peer's, alternating: python zoo.py NETWORK PEER CALLED BATCH ROUNDS eager|compiled [SITE].

SITE is the folder with the peer's packages, behind our own. Prints seconds of building, of a forward pass and of a training
step, lists by whose. Both networks have the same values: the peer's, read by `weights.translated`; their logits are compared.
"""

import json
import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from shims import import_torchvision
from torch import Tensor, nn

from clearsight import models, weights

Actions = dict[str, Callable[[], object]]


def alternating(actions: Actions, rounds: int) -> dict[str, list[float]]:
    """Seconds of each, a round after the other, each round beginning with the next; a first round is not counted."""
    seconds: dict[str, list[float]] = {who: [] for who in actions}
    everybody = list(actions)
    for number in range(rounds + 1):
        first = number % len(everybody)
        for who in [*everybody[first:], *everybody[:first]]:
            start = time.perf_counter()
            actions[who]()
            seconds[who].append(time.perf_counter() - start)
    return {who: values[1:] for who, values in seconds.items()}


def builder(peer: str, called: str) -> Callable[[], nn.Module]:
    """What makes the peer's network with values of its own initialisation."""
    torchvision = import_torchvision()
    if peer == "torchvision":
        return lambda: torchvision.models.get_model(called, weights=None)
    import timm

    return lambda: timm.create_model(called)


def rest(model: nn.Module, x: Tensor) -> Callable[[], object]:
    """A forward pass in evaluation."""

    def forward() -> Tensor:
        with torch.no_grad():
            logits: Tensor = model(x)
        return logits

    return forward


def step(model: nn.Module, x: Tensor, labels: Tensor) -> Callable[[], object]:
    """A step of training with SGD and momentum."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)

    def train() -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(x), labels).backward()
        optimizer.step()

    return train


def main(network: str, peer: str, called: str, batch: str, rounds: str, mode: str, *site: str) -> None:
    sys.path += site
    build = {"ours": lambda: models.build(network, 1000), "peer": builder(peer, called)}
    answer: dict[str, object] = {"build": alternating(build, int(rounds))} if mode == "eager" else {}
    torch.manual_seed(0)
    nets = {who: make() for who, make in build.items()}
    nets["ours"].load_state_dict(weights.translated(peer, nets["peer"].state_dict(), network), strict=False)  # batch norm's counters
    x, labels = torch.randn(int(batch), 3, 224, 224), torch.randint(1000, (int(batch),))
    with torch.no_grad():
        ours, theirs = (net.eval()(x) for net in nets.values())
    if (ours - theirs).abs().max() > 1e-4 * theirs.abs().max():
        sys.exit(f"{network} does not compute what {peer}'s does")
    if mode == "compiled":
        nets = {who: torch.compile(net) for who, net in nets.items()}
    answer["forward"] = alternating({who: rest(net, x) for who, net in nets.items()}, int(rounds))
    for net in nets.values():
        net.train()
    answer["step"] = alternating({who: step(net, x, labels) for who, net in nets.items()}, int(rounds))
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
