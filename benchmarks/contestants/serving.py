"""The same classifier in a plain FastAPI handler: python serving.py MODEL PORT."""

import sys
from dataclasses import asdict
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

from clearsight.classifier import load

app = FastAPI()


@app.post("/classify")
async def classify(request: Request) -> dict[str, Any]:
    """What a tutorial shows: a thread for each request."""
    return asdict(await run_in_threadpool(classifier.classify, await request.body()))


if __name__ == "__main__":
    classifier = load(sys.argv[1]).faster()
    uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
