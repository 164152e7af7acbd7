"""What is installed while pictures are decoded is removed after the last of them, and once."""

import warnings
from io import BytesIO

from PIL import Image

from clearsight.images.decode import decode
from clearsight.images.decoder_messages import FILTERS, SharedContext, no_warnings


def test_the_first_in_begins_and_the_last_out_undoes():
    done = []

    def begin():
        done.append("begin")
        return lambda: done.append("undo")

    shared = SharedContext(begin)
    with shared:
        with shared:
            assert done == ["begin"]
        assert done == ["begin"] and shared.within == 1
    assert done == ["begin", "undo"]
    with shared:
        assert done == ["begin", "undo", "begin"]
    assert done == ["begin", "undo", "begin", "undo"]


def test_after_a_fork_nothing_is_installed():
    done = []
    shared = SharedContext(lambda: lambda: done.append("undo"))
    shared.__enter__()
    shared._forked()  # in the child, whose other threads do not exist
    assert done == ["undo"] and shared.within == 0


def test_a_decode_leaves_the_warning_filters_as_they_were():
    stream = BytesIO()
    Image.new("L", (3, 2), 9).save(stream, "TIFF")
    before = list(warnings.filters)
    with no_warnings:
        assert [entry for entry in warnings.filters if entry in FILTERS] == list(FILTERS)
        decode(stream.getvalue())
    assert list(warnings.filters) == before
