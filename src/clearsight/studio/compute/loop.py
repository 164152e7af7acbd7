"""The loop of a process that computes: a line of JSON for a question, a line for its answer."""

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import IO, Any

from ...base.errors import ClearsightError, plain
from ...base.result import jsonable

Functions = Mapping[str, Callable[..., Any]]  # by name; the first argument is what the process keeps between questions


def answered(functions: Functions, kept: Any, line: bytes) -> bytes:
    """The answer to a question, also where it fails."""
    asked = json.loads(line)
    try:
        result = functions[asked["what"]](kept, **asked["arguments"])
        return json.dumps({"result": jsonable(result)}, ensure_ascii=True, allow_nan=False).encode()
    except ClearsightError as error:
        return json.dumps({"error": plain(error)}).encode()
    except Exception as error:
        traceback.print_exc()
        reason = f"unexpected {type(error).__name__}: a bug in Clearsight. The terminal of the studio has more."
        return json.dumps({"error": reason, "status": 500}).encode()


def run(functions: Functions, kept: Any, questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until there are no more questions."""
    while line := questions.readline():
        answers.write(answered(functions, kept, line) + b"\n")
        answers.flush()


def main(functions: Functions, kept: Any) -> None:
    """Answer the process that started this one."""
    gc.freeze()  # the libraries are not searched for garbage again and again: 0.2 s a time with torch
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints does not write into an answer
    run(functions, kept, sys.stdin.buffer, own)
