"""A worker without torch, for tests of the process around it: it answers, sleeps, or ends."""

import json
import os
import sys
import time

for line in sys.stdin.buffer:
    asked = json.loads(line)
    if asked["what"] == "die":
        os._exit(3)
    if asked["what"] == "sleep":
        time.sleep(60)
    told = {"error": "no such layer."} if asked["what"] == "fail" else {"result": {"pid": os.getpid(), **asked}}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
