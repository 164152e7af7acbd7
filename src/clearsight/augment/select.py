"""Change some pictures of a batch, copied as rows of memory: many times as fast as indexing a channels-last tensor."""

from collections.abc import Callable

import torch
from torch import Tensor

# memory formats, and the permutations to the order in memory and back
PLANES = (torch.contiguous_format, (0, 1, 2, 3), (0, 1, 2, 3))
PIXELS = (torch.channels_last, (0, 2, 3, 1), (0, 3, 1, 2))


def changed(pictures: Tensor, here: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """A copy of `pictures` `(N, C, H, W)` with those at `here` `(n,)` replaced by the output of `change`, of the same shape and dtype."""
    last = pictures.is_contiguous(memory_format=torch.channels_last) and not pictures.is_contiguous()
    layout, order, back = PIXELS if last else PLANES
    stored = pictures.permute(order)
    made = change(stored.flatten(1).index_select(0, here).view(-1, *stored.shape[1:]).permute(back))
    new = made.contiguous(memory_format=layout).permute(order).flatten(1)
    copy = pictures.clone(memory_format=layout)  # cloned last: its rows are still in the cache when some are overwritten
    rows = copy.permute(order).flatten(1)
    if rows.device.type == "cpu":
        rows.numpy()[here.numpy()] = new.numpy()  # whole rows at once: four times as fast as index_copy_
    else:
        rows.index_copy_(0, here, new)
    return copy
