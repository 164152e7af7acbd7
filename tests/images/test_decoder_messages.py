"""Messages of decoders: a context for any number of threads, and filters that go as they came."""

import logging
import threading
import warnings
from io import BytesIO

from PIL import Image

from clearsight.images.decode import decode
from clearsight.images.decoder_messages import FILTERS, SharedContext, no_libtiff_messages, no_warnings


def counted() -> tuple[SharedContext, list[str]]:
    told: list[str] = []

    def begin():
        told.append("begin")
        return lambda: told.append("end")

    return SharedContext(begin), told


def test_the_first_begins_and_the_last_ends():
    context, told = counted()
    with context:
        with context:
            assert told == ["begin"]
        assert told == ["begin"]
    assert told == ["begin", "end"]
    with context:
        pass
    assert told == ["begin", "end"] * 2


def test_threads_share_it():
    context, told = counted()
    inside, leave = threading.Barrier(5), threading.Event()

    def within():
        with context:
            inside.wait()
            leave.wait()

    threads = [threading.Thread(target=within) for _ in range(4)]
    for thread in threads:
        thread.start()
    inside.wait()
    assert told == ["begin"] and context.within == 4
    leave.set()
    for thread in threads:
        thread.join()
    assert told == ["begin", "end"]


def test_an_error_inside_ends_it_as_well():
    context, told = counted()
    try:
        with context:
            raise ValueError
    except ValueError:
        pass
    assert told == ["begin", "end"] and context.within == 0


def test_in_a_forked_process_nobody_is_inside():
    context, told = counted()
    context.__enter__()
    context._forked()
    assert context.within == 0 and told == ["begin", "end"]
    with context:
        assert told == ["begin", "end", "begin"]


def test_filters_are_there_within_and_the_hosts_stay():
    before = list(warnings.filters)
    with no_warnings, no_libtiff_messages:
        assert warnings.filters[: len(FILTERS)] == list(FILTERS)
        warnings.simplefilter("always", ResourceWarning)  # of the host, meanwhile
    after = list(warnings.filters)
    warnings.filters[:] = before
    assert len(after) == len(before) + 1 and not any(entry is ours for entry in after for ours in FILTERS)


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


def test_a_handler_of_no_messages_is_there_within_and_gone_after():
    logger = logging.getLogger("PIL")
    before = list(logger.handlers)
    for _ in range(2):
        with no_libtiff_messages:
            assert len(logger.handlers) == len(before) + 1
        assert logger.handlers == before
