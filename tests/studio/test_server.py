"""The socket of the studio."""

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.studio.server import bound
from tests.loop import sends_at_once


def test_the_studio_listens_on_this_machine_only_and_says_a_taken_port():
    with bound(0) as one:
        host, port = one.getsockname()
        assert host == "127.0.0.1"
        one.listen()
        with pytest.raises(ClearsightError, match=rf"cannot listen at 127\.0\.0\.1:{port}: .+\. Choose another --port\."):
            bound(port)


def test_answers_are_sent_without_delay():
    with bound(0) as listening:
        assert sends_at_once(listening)
