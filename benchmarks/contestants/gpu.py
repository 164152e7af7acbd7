"""On the card: python gpu.py matmul DEVICE | reference DEVICE FILE.npz BATCH EPOCHS | pictures FILE.npz N SIZE."""

import json
import os
import sys
import time
from typing import Any


def pictures(file: str, n: str, size: str) -> dict[str, float]:
    """Random uint8 pictures of 100 classes."""
    import numpy as np

    random = np.random.default_rng(0)
    train = random.integers(256, size=(int(n), int(size), int(size), 3), dtype=np.uint8)
    labels = np.arange(int(n)) % min(100, int(n) // 2)
    held = train[:256], labels[:256]
    np.savez(file, x_train=train, y_train=labels, x_val=held[0], y_val=held[1], x_test=held[0], y_test=held[1])
    return {}


def matmul(device: str, side: int = 8192) -> dict[str, float]:
    """TFLOP/s of a bf16 product, the best of 20 after 5."""
    import torch

    side = side if device == "cuda" else 1024
    a, b = (torch.rand(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    times = []
    for _ in range(25):
        start = time.perf_counter()
        a @ b
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return {"tflops": 2 * side**3 / min(times[5:]) / 1e12}


def reference(device: str, file: str, batch: str, epochs: str) -> dict[str, float]:
    """train_one_epoch of torchvision's references/classification, its --amp in bfloat16; the last epoch's pictures/s."""
    import numpy as np
    import torch
    from torch.utils.data import DataLoader, Dataset

    table = np.load(file)
    x, y = table["x_train"], table["y_train"]
    mean, std = (torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    class Arrays(Dataset[tuple[Any, int]]):
        def __len__(self) -> int:
            return len(y)

        def __getitem__(self, i: int) -> tuple[Any, int]:
            picture = torch.from_numpy(x[i]).permute(2, 0, 1).float().div_(255).sub_(mean).div_(std)
            return (picture.flip(2) if torch.rand(()) < 0.5 else picture), int(y[i])

    workers = min(16, os.cpu_count() or 1) if device == "cuda" else 0
    loader = DataLoader(Arrays(), batch_size=int(batch), shuffle=True, num_workers=workers, pin_memory=device == "cuda", drop_last=True)
    model = network().to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    criterion = torch.nn.CrossEntropyLoss()
    rate = 0.0
    for _ in range(int(epochs)):
        seen, start = 0, time.perf_counter()
        for image, target in loader:
            image, target = image.to(device), target.to(device)
            with torch.amp.autocast(device, dtype=torch.bfloat16):
                output = model(image)
                loss = criterion(output, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item(), (output.argmax(1) == target).float().mean().item()  # its metric logger asks for both each step
            seen += len(target)
        rate = seen / (time.perf_counter() - start)
    return {"pictures_per_second": rate}


def network() -> Any:
    """torchvision's ResNet-50, or ours in float32, whose blocks are the same, where torchvision is not installed."""
    try:
        from shims import import_torchvision

        import_torchvision()
        from torchvision.models import resnet50

        return resnet50()
    except ImportError:
        from clearsight import models

        return models.build("resnet50", 1000, seed=0)


if __name__ == "__main__":
    print(json.dumps({"pictures": pictures, "matmul": matmul, "reference": reference}[sys.argv[1]](*sys.argv[2:])))
