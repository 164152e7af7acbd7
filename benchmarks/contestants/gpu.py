"""On the card: python gpu.py WHAT …

matmul DEVICE | reference DEVICE FILE.npz BATCH EPOCHS | timm DEVICE FILE.npz BATCH EPOCHS | pictures FILE.npz N SIZE
infer torch|compile|cuda|tensorrt MODEL DEVICE BATCH TIMES
"""

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


def timm(device: str, file: str, batch: str, epochs: str) -> dict[str, float]:
    """timm's train.py: its prefetching loader (on a GPU), channels-last, --amp in bfloat16, its SGD; the last epoch's pictures/s."""
    from shims import import_torchvision

    import_torchvision()
    import numpy as np
    import torch
    from timm import create_model
    from timm.data import create_loader
    from timm.optim import create_optimizer_v2
    from torch.utils.data import Dataset

    table = np.load(file)
    x, y = table["x_train"], table["y_train"]

    class Arrays(Dataset[tuple[Any, int]]):
        transform: Any = None

        def __len__(self) -> int:
            return len(y)

        def __getitem__(self, i: int) -> tuple[Any, int]:
            return x[i].transpose(2, 0, 1), int(y[i])  # fast_collate's form; flips cost it nothing here

    fast = device == "cuda"
    workers = min(16, os.cpu_count() or 1) if fast else 0
    kind = torch.device(device)
    loader = create_loader(
        Arrays(), (3, *x.shape[1:3]), int(batch), is_training=True, no_aug=True, num_workers=workers, use_prefetcher=fast, device=kind
    )
    loader.dataset.transform = None
    model = create_model("resnet50").to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizer = create_optimizer_v2(model, "sgd", lr=0.1, weight_decay=1e-4, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss()
    rate = 0.0
    for _ in range(int(epochs)):
        seen, start = 0, time.perf_counter()
        for image, target in loader:
            image, target = torch.as_tensor(image).to(device).float(), torch.as_tensor(target).to(device)
            with torch.amp.autocast(device, dtype=torch.bfloat16):
                loss = criterion(model(image.contiguous(memory_format=torch.channels_last)), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen += len(target)
        loss.item()  # waits for the card
        rate = seen / (time.perf_counter() - start)
    return {"pictures_per_second": rate}


def infer(engine: str, model: str, device: str, batch: str, times: str) -> dict[str, float]:
    """Fitted uint8 pictures to probabilities on the host: pictures/s in batches, and the median milliseconds of one."""
    import numpy as np

    answer, pixels = (of_torch if engine in ("torch", "compile") else of_onnx)(engine, model, device)
    draw = np.random.default_rng(0)

    def seconds(n: int) -> float:
        pictures = draw.integers(0, 256, (n, 3, pixels, pixels), dtype=np.uint8)
        for _ in range(3):
            answer(pictures)
        taken = []
        for _ in range(int(times)):
            start = time.perf_counter()
            answer(pictures)
            taken.append(time.perf_counter() - start)
        return sorted(taken)[len(taken) // 2]

    return {"pictures_per_second": int(batch) / seconds(int(batch)), "one_ms": 1000 * seconds(1)}


def of_torch(engine: str, model: str, device: str) -> tuple[Any, int]:
    """Our classifier at the speed bf16, its network compiled where that is asked."""
    import torch

    import clearsight

    classifier = clearsight.load(model, device=device).faster("bf16")
    if engine == "compile":
        classifier.model = torch.compile(classifier.model)
    return lambda pictures: classifier.probabilities(torch.from_numpy(pictures)).cpu(), classifier.preprocessing.height


def of_onnx(engine: str, model: str, device: str) -> tuple[Any, int]:
    """ONNX Runtime on our exported file; raises SystemExit where it has no such provider. On the processor it tries the export only."""
    import onnxruntime

    import clearsight

    wanted = (
        {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}[engine] if device != "cpu" else "CPUExecutionProvider"
    )
    if wanted not in onnxruntime.get_available_providers():
        raise SystemExit(f"ONNX Runtime has no {wanted} here")
    path = str(clearsight.export(model, f"{model}.onnx", to="fitted", quiet=True).files[0].path)
    options = {"trt_fp16_enable": True} if engine == "tensorrt" and device != "cpu" else {}
    session = onnxruntime.InferenceSession(path, providers=[(wanted, options)])
    if session.get_providers()[0] != wanted:
        raise SystemExit(f"ONNX Runtime could not start {wanted}")
    name = session.get_inputs()[0].name
    return lambda pictures: session.run(None, {name: pictures}), clearsight.load(model).preprocessing.height


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
    jobs: dict[str, Any] = {"pictures": pictures, "matmul": matmul, "reference": reference, "timm": timm, "infer": infer}
    print(json.dumps(jobs[sys.argv[1]](*sys.argv[2:])))
