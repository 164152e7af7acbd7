"""The same network, ours and torchvision's or timm's: building it, a forward pass, a training step.

    python benchmarks/zoo.py [--rounds 9] [--batch 8] [--networks resnet50 …] [--eager]

224 px, float32, as it is and by torch.compile (compiling not counted). Both have the same values, which is proved by their
logits, and take turns in one process. The bar is 1.02 times the peer's time: 0.98×.
"""

import sys
import sysconfig
from pathlib import Path
from typing import Any

import peers
from common import CONTESTANTS, ChildFailed, Contestant, Figures, Row, compare, finish, load_check, parser, run

# name → what each peer calls it
NETWORKS = {
    "resnet50": {"torchvision": "resnet50", "timm": "resnet50"},
    "mobilenet_v2": {"torchvision": "mobilenet_v2"},
    "efficientnet_b0": {"torchvision": "efficientnet_b0"},
    "densenet121": {"torchvision": "densenet121", "timm": "densenet121"},
    "convnext_tiny": {"torchvision": "convnext_tiny"},
}
TOGETHER = "both networks take turns in one process, with the same weights; time to compile is not counted"
WHAT = {"build": "build", "forward": "forward", "step": "training step"}
GOAL = 0.98


def measured(network: str, peer: str, mode: str, batch: int, rounds: int) -> dict[str, Any]:
    """Lists of seconds by what and whose."""
    kept: dict[str, Any] = {}

    def read(answer: dict[str, Any], _: Path) -> Figures:
        kept.update(answer)
        return {}

    where = str(peers.place())
    site = sysconfig.get_path("purelib", "venv", {"base": where, "platbase": where})
    words = [network, peer, NETWORKS[network][peer], str(batch), str(rounds), mode, site]
    run(Contestant(network, [sys.executable, str(CONTESTANTS / "zoo.py"), *words], read))
    return kept


def rows_of(network: str, peer: str, mode: str, answer: dict[str, Any]) -> list[Row]:
    """Milliseconds, less being better."""
    rows = []
    for what, seconds in answer.items():
        ours, theirs = ([1000 * value for value in seconds[who]] for who in ("ours", "peer"))
        how = "" if mode == "eager" else ", compiled"
        rows.append(compare(f"`{network}`, {WHAT[what]}{how}", ours, theirs, "ms", against=peer, less=True, goal=GOAL))
    return rows


def main() -> None:
    made = parser(__doc__, rounds=9)
    made.add_argument("--batch", type=int, default=8)
    made.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NAME")
    made.add_argument("--eager", action="store_true", help="without torch.compile")
    given = made.parse_args()
    notes = [TOGETHER, *load_check(), *peers.missing(("torchvision", "timm"))]
    have, rows = peers.versions(), []
    for network in given.networks:
        for peer in (peer for peer in NETWORKS[network] if peer in have):
            for mode in ("eager",) if given.eager else ("eager", "compiled"):
                try:
                    rows += rows_of(network, peer, mode, measured(network, peer, mode, given.batch, given.rounds))
                except ChildFailed as error:
                    notes.append(f"{network} against {peer}, {mode}, was not measured: {error}")
    used = {peer: have[peer] for peer in ("torchvision", "timm") if peer in have}
    finish(given, f"Networks as libraries have them, 224 px, batches of {given.batch}", rows, notes, used)


if __name__ == "__main__":
    main()
