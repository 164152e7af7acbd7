"""One peer's training, as its own examples write it: python training.py NAME JSON; ends with one line of JSON.

The JSON has `data` (an .npz with x_train, y_train, x_val, y_val), `network`, `batch`, `epochs`, `seed`, and `first_step`
(stop after it, and say how long after STARTED that was). Adam 1e-3, float32, the peer's own defaults for all else.
The answer: `epochs`, the seconds of each epoch's training part, and `accuracy`, after each epoch on the validation part.
"""

import json
import os
import sys
import time
from functools import partial
from typing import Any

MEAN, STD, LR = 0.2860, 0.3530, 1e-3
Answer = dict[str, list[float]]


def first_step_done() -> None:
    """Say how long it took from the start of this process to here, and leave."""
    print("\n" + json.dumps({"first_step_s": time.time() - float(os.environ["STARTED"])}), flush=True)
    os._exit(0)


def tensors(data: str) -> tuple[Any, Any]:
    """The training and the validation part as TensorDatasets, normalised float32 (N, 1, 28, 28)."""
    import numpy as np
    import torch
    from torch.utils.data import TensorDataset

    table = np.load(data)
    parts = []
    for part in ("train", "val"):
        pictures = (torch.from_numpy(table[f"x_{part}"]).float()[:, None] / 255 - MEAN) / STD
        parts.append(TensorDataset(pictures, torch.from_numpy(table[f"y_{part}"])))
    return parts[0], parts[1]


def build(network: str) -> Any:
    """The network, as a user of PyTorch writes it; ResNet-18 is ours in float32, whose blocks are torchvision's."""
    from torch import nn

    if network == "resnet18":
        from clearsight import models

        return models.build("resnet18", 10, channels=1, height=28, width=28)
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )  # fmt: skip


def plain(data: str, network: str, batch: int, epochs: int, seed: int, first_step: bool) -> Answer:
    """The loop of pytorch/examples (mnist): a DataLoader over a TensorDataset."""
    import torch
    import torch.nn.functional as F
    from torch.utils.data import DataLoader

    torch.manual_seed(seed)
    train, val = tensors(data)
    loader, held = DataLoader(train, batch_size=batch, shuffle=True), DataLoader(val, batch_size=1000)
    model = build(network)
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    answer: Answer = {"epochs": [], "accuracy": []}
    for _ in range(epochs):
        model.train()
        start = time.perf_counter()
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            if first_step:
                first_step_done()
        answer["epochs"].append(time.perf_counter() - start)
        model.eval()
        with torch.no_grad():
            hits = sum(int((model(x).argmax(1) == y).sum()) for x, y in held)
        answer["accuracy"].append(hits / len(val))
    return answer


def keras(data: str, network: str, batch: int, epochs: int, seed: int, first_step: bool) -> Answer:
    """Keras' own MNIST example on the backend that KERAS_BACKEND names."""
    import keras
    import numpy as np
    from keras import layers

    keras.utils.set_random_seed(seed)
    table = np.load(data)
    x, held = (((table[f"x_{part}"][..., None].astype("float32") / 255) - MEAN) / STD for part in ("train", "val"))
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2), layers.Dropout(0.25), layers.Flatten(), layers.Dense(128, activation="relu"),
            layers.Dropout(0.5), layers.Dense(10, activation="softmax"),
        ]
    )  # fmt: skip
    model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(LR), metrics=["accuracy"])
    seconds: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.start = time.perf_counter()

        def on_train_batch_end(self, step: int, logs: Any = None) -> None:
            if first_step:
                first_step_done()

        def on_test_begin(self, logs: Any = None) -> None:
            seconds.append(time.perf_counter() - self.start)

    fitted = model.fit(
        x, table["y_train"], batch_size=batch, epochs=epochs, validation_data=(held, table["y_val"]), callbacks=[Clock()]
    )  # fmt: skip
    return {"epochs": seconds, "accuracy": [float(value) for value in fitted.history["val_accuracy"]]}


def fastai(data: str, network: str, batch: int, epochs: int, seed: int, first_step: bool) -> Answer:
    """A Learner with `fit`; its Adam with PyTorch's constants."""
    from shims import import_torchvision

    import_torchvision()
    import fastai.vision.all as fa
    import torch.nn.functional as F

    fa.set_seed(seed)
    train, val = tensors(data)
    loaders = fa.DataLoaders(fa.DataLoader(train, bs=batch, shuffle=True), fa.DataLoader(val, bs=1000))
    answer: Answer = {"epochs": [], "accuracy": []}

    class Clock(fa.Callback):
        def before_train(self) -> None:
            self.start = time.perf_counter()

        def after_step(self) -> None:
            if first_step:
                first_step_done()

        def after_train(self) -> None:
            answer["epochs"].append(time.perf_counter() - self.start)

    adam = partial(fa.Adam, sqr_mom=0.999, eps=1e-8, wd=0.0)
    learner = fa.Learner(loaders, build(network), loss_func=F.cross_entropy, opt_func=adam, metrics=fa.accuracy, cbs=[Clock()])
    learner.fit(epochs, LR)
    return {**answer, "accuracy": [float(row[-1]) for row in learner.recorder.values]}


def lightning(data: str, network: str, batch: int, epochs: int, seed: int, first_step: bool) -> Answer:
    """A LightningModule and a Trainer with its defaults (logger, progress bar, a checkpoint an epoch)."""
    from shims import hide_torchvision

    hide_torchvision()
    import lightning as L
    import torch
    import torch.nn.functional as F
    from torch.utils.data import DataLoader

    L.seed_everything(seed)
    train, val = tensors(data)
    answer: Answer = {"epochs": [], "accuracy": []}

    class Network(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = build(network)

        def training_step(self, both: Any, index: int) -> Any:
            return F.cross_entropy(self.net(both[0]), both[1])

        def validation_step(self, both: Any, index: int) -> None:
            self.log("accuracy", (self.net(both[0]).argmax(1) == both[1]).float().mean())

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=LR)

        def on_train_epoch_start(self) -> None:
            self.start = time.perf_counter()

        def on_train_batch_end(self, *_: Any) -> None:
            if first_step:
                first_step_done()
            self.last = time.perf_counter()

        def on_validation_epoch_end(self) -> None:
            if not self.trainer.sanity_checking:
                answer["epochs"].append(self.last - self.start)
                answer["accuracy"].append(float(self.trainer.callback_metrics["accuracy"]))

    trainer = L.Trainer(max_epochs=epochs, accelerator="cpu")
    trainer.fit(Network(), DataLoader(train, batch_size=batch, shuffle=True), DataLoader(val, batch_size=1000))
    return answer


PEERS = {"plain": plain, "keras": keras, "fastai": fastai, "lightning": lightning}

if __name__ == "__main__":
    print("\n" + json.dumps(PEERS[sys.argv[1]](**json.loads(sys.argv[2]))))
