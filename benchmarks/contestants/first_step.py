"""`clearsight` with the given words, up to the first step of its optimizer: python first_step.py train DATA …"""

import sys

from torch.optim.optimizer import register_optimizer_step_post_hook
from training import first_step_done

register_optimizer_step_post_hook(lambda *_: first_step_done())
sys.argv = ["clearsight", *sys.argv[1:]]

from clearsight.cli import main  # noqa: E402

main()
