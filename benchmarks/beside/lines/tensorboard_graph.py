"""A network for TensorBoard's graph: the steps of the person who writes it."""

import torch
from torch.utils.tensorboard import SummaryWriter

import clearsight as cs

network = cs.load("runs/b").model
with SummaryWriter("graph") as writer:
    writer.add_graph(network, torch.zeros(1, 3, 224, 224))
