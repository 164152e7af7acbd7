"""docs/scale.md from benchmarks/results/scale.json, the assumptions of scale.py and the simulation."""

from typing import Any

import scale
from scale import MACHINES, ORDER, PICTURE, PRICES, SETS, SHARD, STAGES, number_text, size_text, table

HEAD = ("stage", "bytes read", "requests", "core hours", "time", "memory", "money")
LEAD = """\
<!-- Made by benchmarks/scale.py --page from benchmarks/results/scale.json. Do not edit. -->

# From ImageNet to five thousand million pictures

What a project on 1.28 million, 100 million and 5 thousand million pictures costs, stage by stage, and what slow machines, lost machines
and shuffling by blocks add. CPU times are measured; bytes and requests follow from the formats; the rest is a simulation, which is
compared with real runs at the end. No cluster was at hand: nothing on this page was measured at its full size.

Assumptions, for you to change in `benchmarks/scale.py` (`python benchmarks/scale.py --page` writes this page again):

{assumed}

The prices are round numbers in any one currency, not quotations. Pictures have {picture}, as those of ImageNet, in shards of {shard}; a
request reads 8 MB.

## CPU time of a picture

{stages}

Medians over {rounds}, each stage in a process of its own on one thread of {chip},
a machine in heavy use by others: good to about a third. Photographs of 500×375 px with {bytes} on average. A GPU trains and
classifies far faster: put its time into `train` and `classify` in `benchmarks/results/scale.json`.
"""
NOTES = """\
*Time* is that of the machines above, with all cores at work or the line full, whichever takes longer; packing, opening and checking are
the work of one machine. *Memory* is that of one process: the index has {index} bytes a picture, an order {order} more; `check` keeps
{check} of each picture, and compares each with all others.

- One training holds the index of all its pictures. 100 million take {hundred}; 5 thousand million take {five}, more than a machine
  usually has: **train on a part of them**, of a few hundred million. `classify` holds one shard at a time, for any number of them.
- Opening shards in a store for the first time reads all of them, once on each machine; the indexes are kept in its cache, and the shards
  themselves where it has room, so that the first epoch or `classify` reads no byte again. Of pictures of 256 kB and more only the
  headers are read. Shards that `clearsight shards pack` wrote have their index next to them, 61 bytes a picture, and only that is read.
- Comparing every pair takes `check` beyond reach at 100 million: check parts of a few million.
- `pack` reads local files, and its shards are uploaded by the tools of the store.
"""
TROUBLE = """\
## Slow and lost machines

`clearsight classify` gives a free worker the next shard. Simulated: 256 workers on 4,000 shards, 20 draws, in units of the time without
trouble (mean, in brackets the least and the largest), next to shards that are dealt out at the start, as a static split does.

{stragglers}

A queue cannot even out the last shards: all wait for the slow worker that has one of them, at most as long as it takes for one shard.
With smaller shards it is less. A worker that dies loses the shard that it has, half of one on average.

A synchronous step lasts as long as that of its slowest rank:

{ranks}

A machine of 8 GPUs that fails once in 50,000 hours, a checkpoint of 5 s, a restart of 120 s: the share of the time that is lost in a
training of a week, by the time between checkpoints (`--checkpoint-minutes`), and the best time by Young's formula √(2 · save · life):

{failures}

## Shuffling over a store

An epoch of ImageNet on one machine whose cores decode it again in each epoch, by
[the order](how-to/many-pictures.md#the-order-of-a-training-over-a-store) (`--shuffle`):

{orders}

*Waiting* is the time in an epoch in which cores have no pictures, while one window is read and the next is downloaded. An order over all
pictures with room for a part of the shards downloads nearly a shard for each picture: give the cache room, or use blocks.
"""
REAL = """\
The tests run the driver of `clearsight classify` with workers on a simulated clock: with slow workers, and with pictures that end their
process, it takes exactly the time, the tasks and the processes of the simulation (`tests/benchmarks/test_simulate.py`). Over a stand-in
for S3 an epoch by blocks downloads each shard once (`tests/datasets/shards/test_remote.py`). `python benchmarks/scale.py --compare` runs
the driver with workers that take real time, an epoch over that store, and trainings by blocks:
"""


def page(kept: dict[str, Any]) -> str:
    """The page; a comparison that has not been run says so."""
    us = kept["measured"]
    n = us["rounds"]
    assumed = table(("assumption", "value"), [[name, f"{value:g}"] for name, value in {**PRICES, **MACHINES}.items()])
    stages = table(("stage", "CPU µs"), [[words, number_text(us[name])] for name, words in STAGES.items()])
    facts = {"rounds": f"{n} round{'s' * (n > 1)}", "chip": us["hardware"]["processor"], "bytes": size_text(us["picture_bytes"])}
    parts = [LEAD.format(assumed=assumed, picture=size_text(PICTURE), shard=size_text(SHARD), stages=stages, **facts)]
    for name, n in SETS.items():
        month = number_text(n * PICTURE / 1e9 * PRICES["GB stored for a month"])
        parts += [
            f"## {name} pictures",
            f"{size_text(n * PICTURE)}; to store them for a month costs {month}.",
            table(HEAD, scale.stages(n, us)),
        ]
    each = us["index_bytes"] + ORDER
    sizes = {"index": f"{us['index_bytes']:.0f}", "order": ORDER, "check": size_text(us["check_bytes"])}
    parts += [NOTES.format(hundred=size_text(each * 1e8), five=size_text(each * 5e9), **sizes), trouble(us)]
    return "\n\n".join(part.strip() for part in (*parts, real(kept.get("compared", {})))) + "\n"


def trouble(us: dict[str, float]) -> str:
    """What the simulation says."""
    orders = ("order", "shards downloaded", "requests", "bytes", "waiting", "room on the disk", "pictures shuffled together")
    return TROUBLE.format(
        stragglers=table(("trouble", "queue", "dealt out", "busy time lost"), scale.stragglers(us)),
        ranks=table(("trouble", "1 rank", "8", "64", "512"), scale.slow_ranks()),
        failures=table(("ranks", "5 min", "1 h", "best", "best time"), scale.failures()),
        orders=table(orders, scale.orders(us)),
    )


def real(compared: dict[str, Any]) -> str:
    """The simulation next to real runs."""
    lines = ["## The simulation and real runs", REAL.strip()]
    rows = table(("what", "real", "simulated"), compared["rows"]) if compared else "It has not been run here."
    return "\n\n".join([*lines, rows])
