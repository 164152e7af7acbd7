"""A process that makes random decisions and undoes some, and says each that is on the disk: for tests that kill it at any moment."""

import random
import sys

from clearsight.base.errors import ClearsightError
from clearsight.datasets.decisions import journal
from clearsight.datasets.decisions.journal import Decision, Journal

PICTURES, CLASSES = 12, ("cat", "dog", "10", "<b>", "name with a \udcff")


def main(path: str, who: str, seed: int, n: int) -> None:
    journal.SYNCHRONOUS = "OFF"  # a killed process loses nothing by it, a power cut would
    draw, kept, last = random.Random(seed), Journal(path), 1
    for _ in range(n):
        try:
            if draw.random() < 0.3:
                last = kept.undo(max(1, last - draw.randrange(4)))
            else:
                kind = draw.choice(journal.KINDS)
                label = draw.choice(CLASSES) if kind == "label" else ""
                name = f"{draw.randrange(PICTURES)}.png"
                last = kept.append([Decision(kind, "d" + name, name, label, why=who)])
            print(last, flush=True)
        except ClearsightError:  # undone already
            print(0, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
