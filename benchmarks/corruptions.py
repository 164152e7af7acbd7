"""The 19 corruptions of ImageNet-C beside imagecorruptions.

    python benchmarks/corruptions.py [--rounds 3] [--pictures 8] [--size 224]

Pieces of photographs, all 5 severities, both taking turns in one process: ours in one batch, the peer's picture by picture as it
takes them. Words that newer NumPy and scikit-image no longer know are given back to the peer, so that all 19 of its run.
"""

import sys
import sysconfig
from pathlib import Path
from typing import Any

import peers
from common import CONTESTANTS, ChildFailed, Contestant, Figures, Row, compare, finish, load_check, parser, run

GOAL = 5


def rows_of(answer: dict[str, Any]) -> list[Row]:
    """Milliseconds a picture: all together, then each."""
    others = {name: row for name, row in answer.items() if name != "glass_blur"}  # a loop over pixels at the peer's
    found = [("all 19", together(answer)), ("all but glass blur", together(others)), *answer.items()]
    return [
        compare(name, row["ours"], row["peer"], "ms", against="imagecorruptions", less=True, goal=GOAL if name == "all 19" else None)
        for name, row in found
    ]


def together(answer: dict[str, Any]) -> dict[str, list[float]]:
    """Sums over the corruptions, a value a round."""
    return {who: [sum(turn) for turn in zip(*(row[who] for row in answer.values()), strict=True)] for who in ("ours", "peer")}


def main() -> None:
    made = parser(__doc__, rounds=3)
    made.add_argument("--pictures", type=int, default=8)
    made.add_argument("--size", type=int, default=224)
    given = made.parse_args()
    notes = [*load_check(), *peers.missing(("imagecorruptions",))]
    have, kept, rows = peers.versions(), {}, []

    def read(answer: dict[str, Any], _: Path) -> Figures:
        kept.update(answer)
        return {}

    if "imagecorruptions" in have:
        where = str(peers.place())
        site = sysconfig.get_path("purelib", "venv", {"base": where, "platbase": where})
        words = [str(given.pictures), str(given.size), str(given.rounds), site]
        try:
            run(Contestant("corruptions", [sys.executable, str(CONTESTANTS / "corruptions.py"), *words], read))
            rows = rows_of(kept)
        except ChildFailed as error:
            notes.append(f"not measured: {error}")
    used = {"imagecorruptions": have["imagecorruptions"]} if "imagecorruptions" in have else {}
    finish(given, f"Corruptions of {given.size} px, a picture at a severity", rows, notes, used)


if __name__ == "__main__":
    main()
