"""What a checkpoint costs: seconds, bytes, share of a training minute, beside torch.save of the same state.

    python benchmarks/checkpoint.py [--rounds 15]

Weights and Adam's two moments of each network, after one step. Ours is written beside, checked by SHA-256, synced to the disk
and renamed; torch.save alone returns before the disk has anything, so it is given with an fsync as well. Temporary folder's disk.
"""

import sys
from pathlib import Path
from typing import Any

from common import CONTESTANTS, Contestant, Figures, Row, alone, compare, finish, load_check, parser, run

NETWORKS = ("convnet", "resnet18")


def answers(network: str, rounds: int) -> dict[str, Any]:
    """Lists of seconds by contestant, and bytes."""
    kept: dict[str, Any] = {}

    def read(answer: dict[str, Any], _: Path) -> Figures:
        kept.update(answer)
        return {}

    run(Contestant(network, [sys.executable, str(CONTESTANTS / "checkpoint.py"), network, str(rounds)], read))
    return kept


def rows_of(network: str, answer: dict[str, Any]) -> list[Row]:
    seconds, sizes = answer["seconds"], answer["bytes"]
    ours = [1000 * value for value in seconds["ours"]]
    rows = []
    for peer in ("torch.save", "torch.save and fsync"):
        rows.append(compare(f"`{network}`, one save", ours, [1000 * value for value in seconds[peer]], "ms", against=peer, less=True))
    megabytes = [sizes[name] / 1e6 for name in ("ours", "torch.save")]
    rows.append(compare(f"`{network}`, size", megabytes[:1], megabytes[1:], "MB", against="torch.save", less=True))
    rows.append(alone(f"`{network}`, a save a minute takes of the training", [value / 600 for value in ours], "%"))
    return rows


def main() -> None:
    given = parser(__doc__, rounds=15).parse_args()
    notes = load_check()
    rows = [row for network in NETWORKS for row in rows_of(network, answers(network, given.rounds))]
    finish(given, "The cost of a checkpoint", rows, notes, {})


if __name__ == "__main__":
    main()
