"""Pictures for TensorBoard's projector, placed by their pixels: the steps of the person who writes it."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

files = sorted(Path("planted").glob("*/*"))
pictures = np.stack([np.array(Image.open(file).convert("RGB").resize((32, 32))) for file in files])
stack = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
SummaryWriter("projector").add_embedding(stack.flatten(1), metadata=[file.parent.name for file in files], label_img=stack)
