"""The same classifier in other servers: python serving.py fastapi|litserve MODEL PORT."""

import base64
import sys
from dataclasses import asdict
from typing import Any

import torch

from clearsight.classifier import load


def plain(model: str, port: int) -> None:
    """What a tutorial shows: FastAPI, a thread for each request."""
    import uvicorn
    from fastapi import FastAPI, Request
    from starlette.concurrency import run_in_threadpool

    app, classifier = FastAPI(), load(model).faster()

    @app.post("/classify")
    async def classify(request: Request) -> dict[str, Any]:
        return asdict(await run_in_threadpool(classifier.classify, await request.body()))

    classify.__annotations__["request"] = Request
    uvicorn.run(app, port=port, log_level="error")


def lit(model: str, port: int) -> None:
    """LitServe with batches of our size; it takes JSON, so pictures are base64."""
    import litserve

    size = load(model).batch

    class Api(litserve.LitAPI):
        def setup(self, device: str) -> None:
            self.classifier = load(model).faster()

        def decode_request(self, request: dict[str, str]) -> Any:
            return self.classifier.preprocessing.load(base64.b64decode(request["picture"]))

        def batch(self, inputs: list[Any]) -> Any:
            return torch.stack(inputs)

        def predict(self, x: Any) -> Any:
            logits, novelty = self.classifier.judged(x)
            limits = self.classifier.limits()
            return [asdict(one) for one in self.classifier.predictions([""] * len(x), logits, novelty, top=5, limits=limits)]

        def unbatch(self, output: Any) -> Any:
            return output

        def encode_response(self, output: Any) -> Any:
            return output

    api = Api(max_batch_size=size, batch_timeout=0.005, api_path="/classify")
    litserve.LitServer(api, accelerator="cpu", workers_per_device=1).run(
        port=port, host="127.0.0.1", generate_client_file=False, log_level="error"
    )


if __name__ == "__main__":
    {"fastapi": plain, "litserve": lit}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
