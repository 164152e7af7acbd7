"""A process that imports everything once and then forks a child for each script, one JSON line each: the imports take longer than most.

A request is `{"script": path, "folder": where it runs, "out": file, "error": file, "environment": {...}}`; the answer is its exit code.
"""

import json
import os
import runpy
import sys
import traceback
from typing import Any

import matplotlib.backends.backend_svg
import matplotlib.pyplot  # noqa: F401
import sklearn.datasets  # noqa: F401
import torch
import torch._dynamo

import clearsight
import clearsight.reports.figures.risk_coverage
import clearsight.reports.of_run


def live(request: dict[str, Any]) -> None:
    """Be the script: never returns."""
    for stream, name in ((1, "out"), (2, "error")):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), stream)
    os.chdir(request["folder"])
    os.environ |= request["environment"]
    sys.argv = [request["script"]]
    code: object = 1
    try:
        runpy.run_path(request["script"], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def main() -> None:
    torch.set_num_threads(1)
    for name in clearsight.__all__:
        getattr(clearsight, name)
    print("ready", flush=True)
    for line in sys.stdin:
        if not (child := os.fork()):
            live(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
