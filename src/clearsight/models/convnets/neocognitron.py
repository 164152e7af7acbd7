"""The neocognitron. K. Fukushima, Neocognitron: a self-organizing neural network model for a mechanism of pattern
recognition unaffected by shift in position, Biological Cybernetics 36, 193–202, 1980.

Three modules of S-cells, which find features, and C-cells, which allow for their place. It learns without a teacher and
without gradients: of the S-cells around a place only the one that answers most is reinforced, and the others of its plane
with it (they share its connections). So it learns in `initialise`, from training pictures shown once each, and what
training by gradients then moves is the head on the last C-cells.

Sizes, plane numbers and constants are the paper's simulation (16×16 px, its figure 2 and section 4). Not the paper's:
a module learns when the one before it is done (as in Fukushima's later work; the paper's learn at the same time), the fixed
connections c and d, of which the paper only says that they fall off with distance, and other sizes, for which the planes
grow in proportion. U0 is what is brighter than the average, so characters are to be bright on dark.

Shapes: N pictures, K planes, C planes of the layer before.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..base import Model


class Module(NamedTuple):
    """S-planes, their selectivity r, speed of reinforcement q, padding, side of a column in px; thinning out by the C-cells."""

    planes: int
    r: float
    q: float
    padding: int
    column: int
    thinning: float


PAPER = (1980, "Fukushima: Neocognitron: a self-organizing neural network model")
TABLE = {"neocognitron": (Module(24, 4.0, 1.0, 2, 5, 10 / 16), Module(24, 1.5, 16.0, 1, 5, 6 / 8), Module(24, 1.5, 16.0, 0, 2, 1 / 2))}
INPUT, CLASSES, SMALLEST, RECIPE = (1, 16, 16), 10, 12, "neocognitron"
MAX_PICTURES = 512  # pictures to learn from; the paper's five digits were shown 20 times each
ALPHA = 0.5  # saturation of the C-cells


def fixed(fall: float) -> Tensor:
    """Connections `(5, 5)` that decrease with the distance from the centre, of sum 1."""
    place = torch.arange(5) - 2.0
    weights = fall ** torch.hypot(place[:, None], place)
    return weights / weights.sum()


class SCells(nn.Module):
    """S-cells: planes that respond where 5×5 of the previous layer match their reinforced pattern (equations 1 to 4)."""

    def __init__(self, inputs: int, module: Module) -> None:
        super().__init__()
        self.module = module
        self.register_buffer("c", (fixed(0.9) / inputs).expand(1, inputs, 5, 5), persistent=False)
        self.a = nn.Parameter(torch.rand(module.planes, inputs, 5, 5) * 1e-3 / inputs, requires_grad=False)
        self.b = nn.Parameter(torch.zeros(module.planes), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, H, W)` → `(N, K, H', W')`: 0 to 1, excitation against inhibition by the total input."""
        r = self.module.r
        excitation = F.conv2d(x, self.a, padding=self.module.padding)
        inhibition = 2 * r / (1 + r) * self.b[:, None, None] * self.around(x)
        return r * torch.relu((1 + excitation) / (1 + inhibition) - 1)

    def around(self, x: Tensor) -> Tensor:
        """Outputs of the inhibitory cells V, `(N, 1, H', W')`: the root mean square of each 5×5."""
        c = self.get_buffer("c").to(x.dtype)
        return F.conv2d(x * x, c, padding=self.module.padding).clamp_min(1e-12).sqrt()

    def reinforce(self, x: Tensor) -> None:
        """Learn from one picture `(1, C, H, W)` (section 3): the winners of the columns, one per plane at most, become more like it."""
        answers = self(x)[0]  # (K, H', W')
        most, plane = (found.flatten() for found in answers.max(0))
        side = min(self.module.column, *answers.shape[1:])
        columns = F.max_pool2d(answers.amax(0)[None, None], side, 1, return_indices=True)[1]  # overlapping
        places = columns.unique()
        places = places[most[places] > 0]
        candidates = torch.zeros_like(answers).flatten(1)
        candidates[plane[places], places] = most[places]
        highest, place = candidates.max(1)
        chosen = highest > 0
        seen = F.unfold(x, 5, padding=self.module.padding)[0][:, place[chosen]].T.reshape(-1, *self.a.shape[1:])
        self.a[chosen] += self.module.q * self.get_buffer("c") * seen
        self.b[chosen] += self.module.q / 2 * self.around(x).flatten()[place[chosen]]


class CCells(nn.Module):
    """C-cells: planes that respond to near S-cells of their plane, inhibited by the other planes (equations 5 to 8)."""

    def __init__(self, size: tuple[int, int], thinning: float) -> None:
        super().__init__()
        self.size = (math.ceil(size[0] * thinning), math.ceil(size[1] * thinning))
        self.register_buffer("d", fixed(0.8)[None, None], persistent=False)

    def forward(self, u: Tensor) -> Tensor:
        """`(N, K, H, W)` → `(N, K, H', W')`: 0 to 1."""
        near = F.conv2d(u.flatten(0, 1)[:, None], self.get_buffer("d").to(u.dtype), padding=2).unflatten(0, u.shape[:2])[:, :, 0]
        near = F.interpolate(near, self.size, mode="nearest-exact")
        above = torch.relu((1 + near) / (1 + near.mean(1, keepdim=True)) - 1)
        return above / (ALPHA + above)


class Neocognitron(Model):
    """U0, then three times S-cells and C-cells, then the head."""

    HALVES = False  # responses are a quotient minus 1, of which bfloat16 loses a sixth
    STAGES = ("s1", "c1", "s2", "c2", "s3", "c3", "fc")

    def __init__(self, modules: tuple[Module, Module, Module], classes: int, channels: int, height: int, width: int) -> None:
        super().__init__()
        size, cells = (height, width), []
        for module in modules:
            size = (size[0] + 2 * module.padding - 4, size[1] + 2 * module.padding - 4)
            c = CCells(size, module.thinning)
            cells.append((SCells(channels, module), c))
            channels, size = module.planes, c.size
        (self.s1, self.c1), (self.s2, self.c2), (self.s3, self.c3) = cells
        self.fc = nn.Linear(channels * math.prod(size), classes)

    def features(self, x: Tensor) -> Tensor:
        """The last C-cells, `(N, 24)` at 16×16 px, as many per 1/16 of each side of larger pictures."""
        x = torch.relu(x)
        for s, c in ((self.s1, self.c1), (self.s2, self.c2), (self.s3, self.c3)):
            x = c(s(x))
        return x.flatten(1)

    @torch.no_grad()
    def initialise(self, inputs: Tensor) -> None:
        """Self-organise the modules, one after the other, on up to 512 of `inputs` (N, C, H, W), one at a time."""
        x = torch.relu(inputs[:MAX_PICTURES])
        for s, c in ((self.s1, self.c1), (self.s2, self.c2), (self.s3, self.c3)):
            for picture in x.split(1):
                s.reinforce(picture)
            x = torch.cat([c(s(part)) for part in x.split(64)])


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Neocognitron:
    """The neocognitron; it has no dropout."""
    return Neocognitron(TABLE[name], classes, channels, height, width)
