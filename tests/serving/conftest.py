"""A small classifier that knows novelty and sets, saved with golden samples, and a server on it in this process."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from PIL import Image

from clearsight import models
from clearsight.classifier import Classifier, save
from clearsight.classifier.answers import FACT, counted
from clearsight.classifier.uncertainty import Calibration, Reference
from clearsight.classifier.uncertainty.novelty import Novelty, stored
from clearsight.classifier.validation import judged
from clearsight.images.preprocess import Preprocessing
from clearsight.serving.engine.decoding import Decoder
from clearsight.serving.engine.models import Road, Served, named, opened
from clearsight.serving.options import Options
from clearsight.serving.telemetry.metrics import Metrics
from clearsight.serving.web.answering import Server
from clearsight.serving.web.app import create_app
from tests.loop import run

CLASSES = ("cat", "dog", "eel")
CLASSIFY = "/v1/models/pets/classify"


def picture(n: int, side: int = 28) -> np.ndarray:
    noise = np.random.default_rng(n).integers(0, 40, (side, side, 1), dtype=np.uint8)
    return np.full((side, side, 1), 60 + 20 * (n % 3), np.uint8) + noise


def png(array: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array).save(stream, "PNG")
    return stream.getvalue()


def small(seed: int = 0) -> Classifier:
    model = models.build("lenet5", 3, channels=1, height=28, width=28, seed=seed)
    made = Classifier(model, Preprocessing(1, 28, 28, mean=(0.5,), std=(0.25,)), CLASSES, temperature=0.2, architecture="lenet5")
    batch = torch.stack([made.preprocessing.load(picture(n)) for n in range(40)])
    logits, features = made.logits_and_inputs(batch, "fc3")
    known = stored("fc3", features)
    scores = known.without_own(features, torch.arange(40), torch.arange(40)).numpy()
    labels = torch.arange(40) % 3
    probabilities = torch.softmax(logits / 0.2, 1).gather(1, labels[:, None])[:, 0]
    calibration = Calibration((1 - probabilities).numpy(), labels.numpy(), "validation")
    made.reference = Reference(Novelty(known.layer, known.mean, known.vectors, scores, "validation"), calibration)
    made.facts = {"validation": judged(36, 40, ()), FACT: counted(logits, 0.2)}
    return made


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`pets` and `others`, the same classes by other weights."""
    folder = tmp_path_factory.mktemp("served")
    for seed, name in enumerate(("pets", "others")):
        save(small(seed), folder / name, [picture(n) for n in range(3)])
    return folder


@pytest.fixture
def pets(artefacts: Path, tmp_path: Path) -> Path:
    """A copy of `pets` that a test may change."""
    shutil.copytree(artefacts / "pets", tmp_path / "pets")
    return tmp_path / "pets"


@asynccontextmanager
async def running(*folders: Path, decoder: Decoder | None = None, **options: Any) -> AsyncIterator[SimpleNamespace]:
    """`server`, its `app`, and a `client` of it, on an event loop."""
    given, metrics = Options(**options), Metrics()
    names = named([str(one) for one in folders])
    served = {name: Served(name, model, opened(model, Road()), given, metrics) for name, model in names.items()}
    server = Server(served, given, metrics, decoder or Decoder())
    app = create_app(server, Road())
    async with (
        app.app.router.lifespan_context(app.app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8000") as client,
    ):
        yield SimpleNamespace(server=server, app=app, client=client, first=next(iter(served.values())))


def on(scenario: Callable[..., Any], *folders: Path, **options: Any) -> Any:
    """Run `scenario(running)` to its end."""

    async def whole() -> Any:
        async with asyncio.timeout(60), running(*folders, **options) as here:
            return await scenario(here)

    return run(whole())
