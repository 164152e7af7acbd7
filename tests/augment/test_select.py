"""Some pictures of a batch, taken out and put back in any memory format."""

import pytest
import torch

from clearsight.augment.select import changed


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("shape", [(9, 3, 8, 8), (9, 3, 5, 7), (9, 1, 4, 4), (1, 3, 4, 2)])  # whole words in memory, and not
@pytest.mark.parametrize("here", [[], [0], [4, 0, 7]])
def test_changed_is_indexing(shape, dtype, layout, here):
    draws = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, shape, generator=draws).to(dtype).contiguous(memory_format=layout)
    here = torch.tensor([i for i in here if i < len(pictures)], dtype=torch.int64)
    for given in (pictures, pictures[:, :, :, ::2], pictures[:, :, 1:]):  # also what does not lie together
        before, expected = given.clone(), given.clone()
        expected[here] = (given[here].float() + 1).to(dtype)
        for way in (torch.contiguous_format, torch.channels_last):
            made = changed(given, here, lambda some, way=way: (some.float() + 1).to(some.dtype).contiguous(memory_format=way))
            assert torch.equal(made, expected) and torch.equal(given, before)
    kept = changed(pictures, here, torch.Tensor.clone)
    assert torch.equal(kept, pictures) and kept.is_contiguous(memory_format=layout)
