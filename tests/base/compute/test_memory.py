"""glibc is told to keep its buffers, once; other C libraries are left alone."""

import os

import pytest

from clearsight.base.compute import memory


class Library:
    def __init__(self, name: str) -> None:
        self.name, self.told = name, []

    def malloc_trim(self, pad: int) -> None:
        self.told.append(("trim", pad))

    def mallopt(self, parameter: int, value: int) -> None:
        self.told.append((parameter, value))


@pytest.fixture
def opened(monkeypatch):
    libraries = []

    def library(name):
        libraries.append(Library(name))
        return libraries[-1]

    memory._tell_glibc.cache_clear()
    monkeypatch.setattr(memory.ctypes, "CDLL", library)
    yield libraries
    memory._tell_glibc.cache_clear()


@pytest.mark.parametrize(("names", "version"), [({}, "glibc 2.36"), ({"CS_GNU_LIBC_VERSION": 2}, ""), ({"CS_GNU_LIBC_VERSION": 2}, None)])
def test_other_c_libraries_are_left_alone(monkeypatch, opened, names, version):
    monkeypatch.setattr(os, "confstr_names", names, raising=False)
    monkeypatch.setattr(os, "confstr", lambda _: version, raising=False)
    memory.keep_large_buffers()
    assert opened == []


def test_glibc_is_told_once(monkeypatch, opened):
    monkeypatch.setattr(os, "confstr_names", {"CS_GNU_LIBC_VERSION": 2}, raising=False)
    monkeypatch.setattr(os, "confstr", lambda _: "glibc 2.36", raising=False)
    for _ in range(2):
        memory.keep_large_buffers()
    assert [library.name for library in opened] == ["libc.so.6"]
    assert opened[0].told == [("trim", 0), (-3, 2**31 - 1), (-1, 2**31 - 1), (-2, 2**28)]
