"""`clearsight` with the given words, up to the first step of its optimizer: python first_step.py train DATA …"""

import sys

from training import first_step_done

from clearsight.cli import main
from clearsight.training.optim.optimizer import Optimizer

move = Optimizer.step


def first_step(self: Optimizer) -> None:
    move(self)
    first_step_done()


Optimizer.step = first_step  # type: ignore[method-assign]
sys.argv = ["clearsight", *sys.argv[1:]]
main()
