"""A reader of pickles that hold only numbers, text, lists, dictionaries and numpy arrays; nothing in them is ever called.

`pickletools` lists the instructions of a pickle without running any; those of data are followed here, every other one is refused.
"""

import pickletools
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

_MARK = object()
# what an instruction may name, and by what it is represented here
_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "_reconstruct"): "array",
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
}
_DTYPE = re.compile(r"[<>|=]?([iuf][1248]|b1)")
_VALUES = {
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "INT", "LONG", "BINFLOAT", "FLOAT", "BINUNICODE", "SHORT_BINUNICODE", "UNICODE",
    "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
}  # fmt: skip
_STRINGS = {"STRING", "BINSTRING", "SHORT_BINSTRING"}  # of Python 2: bytes
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_SKIPPED = {"PROTO", "FRAME", "STOP"}


class NotData(Exception):
    """A pickle that holds more than data, or is damaged."""


@dataclass
class _Name:
    kind: str


@dataclass
class _Array:
    """An array whose content follows."""

    value: np.ndarray | None = None


def load(content: bytes) -> Any:
    """The value in a pickle; text of Python 2 is bytes. Raises NotData for anything but data, and for damaged files."""
    try:
        return _Machine().run(content)
    except NotData:
        raise
    except Exception as error:  # the parser raises many kinds for damaged files
        raise NotData(f"it is damaged ({error})") from error


class _Machine:
    """A stack and a memory, as the instructions of a pickle use them."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}

    def run(self, content: bytes) -> Any:
        for opcode, argument, _ in pickletools.genops(content):
            self._follow(opcode.name, argument)
        return _plain(self.stack[-1])

    def _follow(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in _VALUES:
            stack.append(argument)
        elif name in _STRINGS:
            stack.append(argument.encode("latin-1"))
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
        elif name == "MARK":
            stack.append(_MARK)
        elif name in ("TUPLE", "LIST", "DICT", "APPENDS", "SETITEMS"):
            self._collect(name)
        elif name in ("APPEND", "SETITEM"):
            self._add(name)
        elif name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            self.memory[len(self.memory) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self.memory[argument])
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            self._name(tuple(argument.split(" ")) if name == "GLOBAL" else (stack.pop(-2), stack.pop()))
        elif name == "REDUCE":
            arguments, callee = stack.pop(), stack.pop()
            stack.append(_reduced(callee, arguments))
        elif name == "BUILD":
            state = stack.pop()
            _build(stack[-1], state)
        elif name == "POP":
            stack.pop()
        elif name not in _SKIPPED:
            raise NotData(f"it has an instruction that data do not need ({name})")

    def _collect(self, name: str) -> None:
        start = len(self.stack) - 1 - self.stack[::-1].index(_MARK)
        items = self.stack[start + 1 :]
        del self.stack[start:]
        if name == "TUPLE":
            self.stack.append(tuple(items))
        elif name == "APPENDS":
            self.stack[-1].extend(items)
        elif name == "LIST":
            self.stack.append(items)
        else:
            pairs = dict(zip(items[::2], items[1::2], strict=True))
            if name == "DICT":
                self.stack.append(pairs)
            else:
                self.stack[-1].update(pairs)

    def _add(self, name: str) -> None:
        value = self.stack.pop()
        if name == "APPEND":
            self.stack[-1].append(value)
        else:
            key = self.stack.pop()
            self.stack[-1][key] = value

    def _name(self, name: Any) -> None:
        if name not in _NAMES:
            raise NotData(f"it names {'.'.join(map(str, name))}, which is never run here")
        self.stack.append(_Name(_NAMES[name]))


def _reduced(callee: Any, arguments: Any) -> Any:
    """An array to be filled, a number format, or bytes; nothing is called."""
    kind = callee.kind if isinstance(callee, _Name) else ""
    if kind == "array":
        return _Array()
    if kind == "dtype":
        text = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if not _DTYPE.fullmatch(text):
            raise NotData(f"it has an array of {text!r}, not of numbers")
        return _Name(f"dtype {text}")
    if kind == "encode" and len(arguments) == 2 and arguments[1] in ("latin1", "latin-1"):
        return arguments[0].encode("latin-1")
    raise NotData("it makes an object that is no array")


def _build(target: Any, state: Any) -> None:
    """Fill an array or complete a number format."""
    if isinstance(target, _Name) and target.kind.startswith("dtype "):
        order = state[1].decode() if isinstance(state[1], bytes) else state[1]
        kind = target.kind.removeprefix("dtype ").lstrip("<>|=")
        target.kind = f"dtype {order if order in '<>' else ''}{kind}"
        return
    if not isinstance(target, _Array):
        raise NotData("it fills an object that is no array")
    _, shape, dtype, fortran, content = state
    content = content.encode("latin-1") if isinstance(content, str) else content
    flat = np.frombuffer(bytearray(content), dtype=np.dtype(dtype.kind.removeprefix("dtype ")))
    target.value = flat.reshape(shape, order="F" if fortran else "C")


def _plain(value: Any) -> Any:
    """The value with arrays in place of those that were filled."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
