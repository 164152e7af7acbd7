"""A fixed product on two threads, again for each line on stdin: GFLOP/s in float32, so that a disturbed machine shows.

python gauge.py            # answers "go" until stdin ends
python gauge.py limit      # once: the largest rate of products in float32 and bfloat16, and what the chip has
"""

import json
import statistics
import sys
import time

import torch

SIDE, TIMES = 1024, 12


def product(dtype: torch.dtype, side: int = SIDE) -> list[float]:
    """GFLOP/s of `TIMES` products of `side` × `side`, after one to warm up."""
    a = torch.ones(side, side, dtype=dtype)
    rates = []
    for _ in range(TIMES + 1):
        start = time.perf_counter()
        a @ a
        rates.append(2 * side**3 / (time.perf_counter() - start) / 1e9)
    return rates[1:]


def features() -> str:
    """The vector and matrix instructions of the processor that decide its rate."""
    tests = {
        "AVX2": "_is_avx2_supported",
        "AVX-512": "_is_avx512_supported",
        "bf16": "_is_avx512_bf16_supported",
        "AMX": "_is_amx_tile_supported",
    }
    return " ".join(name for name, test in tests.items() if getattr(torch.cpu, test, bool)()) or "none"


if __name__ == "__main__":
    torch.set_num_threads(2)
    if sys.argv[1:] == ["limit"]:
        found = features()
        side = 2048 if {"bf16", "AMX"} & set(found.split()) else 128  # without their instructions a large product takes half a minute
        rates = {"float32": product(torch.float32, 2048), "bf16": product(torch.bfloat16, side)}
        print(json.dumps({"features": found, **{name: round(max(every)) for name, every in rates.items()}}))
    else:
        for _ in sys.stdin:
            print(statistics.median(product(torch.float32)), flush=True)
