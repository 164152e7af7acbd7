"""One thread inside, and afterwards as many as before."""

import pytest
import torch

from clearsight.base.compute.threads import one_thread


@pytest.fixture(autouse=True)
def three():
    own = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(own)


def test_the_number_is_restored_also_after_an_error():
    with pytest.raises(ZeroDivisionError), one_thread():
        torch.get_num_threads() // 0
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_blocks_that_overlap_in_time_restore_what_was_before_the_first():
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert torch.get_num_threads() == 1
    second.__exit__(None, None, None)
    assert torch.get_num_threads() == 3
