"""Some pictures of a batch, taken out and put back in any memory format."""

import pytest
import torch

from clearsight.images.chosen import replaced, taken


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("shape", [(9, 3, 8, 8), (9, 3, 5, 7), (9, 1, 4, 4), (1, 3, 4, 2)])  # whole words in memory, and not
@pytest.mark.parametrize("here", [[], [0], [4, 0, 7]])
def test_taken_and_replaced_are_indexing(shape, dtype, layout, here):
    draws = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, shape, generator=draws).to(dtype).contiguous(memory_format=layout)
    here = torch.tensor([i for i in here if i < len(pictures)], dtype=torch.int64)
    assert torch.equal(taken(pictures, here), pictures[here])
    for given in (pictures, pictures[:, :, :, ::2], pictures[:, :, 1:]):  # also what does not lie together
        made, before = (given[here].float() + 1).to(dtype), given.clone()
        expected = given.clone()
        expected[here] = made
        for way in (torch.contiguous_format, torch.channels_last):
            assert torch.equal(replaced(given, here, made.contiguous(memory_format=way)), expected)
        assert torch.equal(given, before) and torch.equal(taken(given, here), given[here])
