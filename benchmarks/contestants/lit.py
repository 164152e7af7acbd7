"""The same classifier in LitServe, with batches of its size: python lit.py MODEL PORT. It takes JSON, so pictures are base64."""

import base64
import sys
from dataclasses import asdict
from typing import Any

import litserve
import torch

from clearsight.classifier import load


class Api(litserve.LitAPI):
    """One process that decodes, batches and computes."""

    def setup(self, device: str) -> None:
        self.classifier = load(sys.argv[1]).faster()

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


if __name__ == "__main__":
    api = Api(max_batch_size=load(sys.argv[1]).batch, batch_timeout=0.005, api_path="/classify")
    litserve.LitServer(api, accelerator="cpu", workers_per_device=1).run(
        port=int(sys.argv[2]), host="127.0.0.1", generate_client_file=False, log_level="error"
    )
