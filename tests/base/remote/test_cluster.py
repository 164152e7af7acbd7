"""Ray: what is missing, or does not start, is one line."""

import sys
from types import SimpleNamespace

import pytest

from clearsight.base.errors import ClearsightError, MissingExtra
from clearsight.base.remote.cluster import join_ray


def test_without_ray_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"--on ray needs its package: pip install 'clearsight\[ray\]'\."):
        join_ray()


def test_a_cluster_is_joined_once(monkeypatch):
    calls = []
    ray = SimpleNamespace(is_initialized=lambda: bool(calls), init=lambda **how: calls.append(how))
    monkeypatch.setitem(sys.modules, "ray", ray)
    assert join_ray() is ray is join_ray() and len(calls) == 1


def test_a_cluster_that_does_not_start_is_one_line(monkeypatch):
    def init(**how):
        raise Exception("The current node timed out during startup. This could happen.\nmore")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False, init=init))
    with pytest.raises(ClearsightError, match=r"^Ray could not be started or joined: The current node .*happen\. Start it with `ray start"):
        join_ray()
