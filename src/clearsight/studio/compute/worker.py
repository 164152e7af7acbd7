"""The loop of the compute process: a line of JSON for a question, a line for its answer."""

import json
import os
import sys
import traceback
from typing import IO

from ...base.errors import ClearsightError, plain
from ...base.result import jsonable
from .session import FUNCTIONS, Session


def answered(session: Session, line: bytes) -> bytes:
    """The answer to a question, also where it fails."""
    asked = json.loads(line)
    try:
        result = FUNCTIONS[asked["what"]](session, **asked["arguments"])
        return json.dumps({"result": jsonable(result)}, ensure_ascii=True, allow_nan=False).encode()
    except ClearsightError as error:
        return json.dumps({"error": plain(error)}).encode()
    except Exception as error:
        traceback.print_exc()
        reason = f"unexpected {type(error).__name__}: a bug in Clearsight. The terminal of the studio has more."
        return json.dumps({"error": reason, "status": 500}).encode()


def run(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until there are no more questions."""
    session = Session()
    while line := questions.readline():
        answers.write(answered(session, line) + b"\n")
        answers.flush()


if __name__ == "__main__":
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints does not write into an answer
    run(sys.stdin.buffer, own)
