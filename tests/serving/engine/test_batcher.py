"""Batches: what waits is computed together, of one classifier, and never for nothing."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
import torch

from clearsight.serving.engine.batcher import Batcher, Late
from tests.loop import run, until


class Twice:
    """A classifier whose scores are twice the first value, and that remembers its batches."""

    batch = 4

    def __init__(self, fails: bool = False) -> None:
        self.batches, self.fails = [], fails

    def judged(self, pictures):
        self.batches.append(pictures.flatten(1)[:, 0].tolist())
        if self.fails:
            raise RuntimeError("no memory")
        return 2.0 * pictures.flatten(1)[:, :1].float(), None


def scores(n: int, *, most: int = 0, classifiers=None, deadlines=None, gone=()):
    """The scores or errors of `n` pictures that arrive together."""

    async def scenario():
        seen = []
        batcher = Batcher(most, 0.0, lambda *reported: seen.append(reported))
        end = asyncio.get_running_loop().time() + 60
        waiting = [
            asyncio.ensure_future(
                batcher.score(classifiers[i % len(classifiers)], torch.full((1, 2, 2), i), deadlines[i] if deadlines else end)
            )
            for i in range(n)
        ]
        await asyncio.sleep(0)
        for i in gone:
            waiting[i].cancel()
        await asyncio.sleep(0)
        work = asyncio.ensure_future(batcher.run())
        found = await asyncio.gather(*waiting, return_exceptions=True)
        work.cancel()
        batcher.close()
        return SimpleNamespace(found=found, seen=seen)

    return run(scenario())


def test_what_waits_is_computed_together_up_to_the_limit():
    twice = Twice()
    done = scores(6, classifiers=[twice])
    assert [one.logits.item() for one in done.found] == [0, 2, 4, 6, 8, 10]
    assert twice.batches == [[0, 1, 2, 3], [4, 5]]
    assert [report[0] for report in done.seen] == [4, 2]
    twice = Twice()
    scores(3, most=1, classifiers=[twice])
    assert twice.batches == [[0], [1], [2]]


def test_a_batch_has_pictures_of_one_classifier():
    first, second = Twice(), Twice()
    done = scores(3, classifiers=[first, second])
    assert (first.batches, second.batches) == ([[0], [2]], [[1]])
    assert [one.logits.item() for one in done.found] == [0, 2, 4]


def test_late_and_lost_ones_are_not_computed():
    twice = Twice()
    done = scores(3, classifiers=[twice], deadlines=[0.0, 1e12, 1e12], gone=[1])
    assert isinstance(done.found[0], Late) and isinstance(done.found[1], asyncio.CancelledError)
    assert twice.batches == [[2]]


def test_a_failure_reaches_every_picture_of_its_batch_and_no_other():
    bad, good = Twice(fails=True), Twice()
    done = scores(2, classifiers=[bad, good])
    assert isinstance(done.found[0], RuntimeError) and done.found[1].logits.item() == 2


def test_a_batch_waits_for_more_only_if_asked():
    async def scenario():
        twice = Twice()
        batcher = Batcher(2, 0.02, lambda *_: None)
        work = asyncio.ensure_future(batcher.run())
        end = asyncio.get_running_loop().time() + 60
        first = asyncio.ensure_future(batcher.score(twice, torch.zeros(1, 1, 1), end))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(batcher.score(twice, torch.ones(1, 1, 1), end))
        await asyncio.gather(first, second)
        work.cancel()
        return twice.batches

    assert run(scenario()) == [[0, 1]]


@pytest.mark.parametrize("n", [0, 1])
def test_it_ends_when_cancelled(n):
    assert len(scores(n, classifiers=[Twice()]).found) == n


def test_a_picture_that_is_computed_for_nothing_is_counted_until_its_batch_ends():
    class Waits(Twice):
        free = threading.Event()

        def judged(self, pictures):
            self.free.wait(30)
            return super().judged(pictures)

    async def scenario():
        batcher, waits = Batcher(0, 0.0, lambda *_: None), Waits()
        work = asyncio.ensure_future(batcher.run())
        end = asyncio.get_running_loop().time() + 60
        first, second = (asyncio.ensure_future(batcher.score(waits, torch.zeros(1, 1, 1), end)) for _ in range(2))
        await until(lambda: len(batcher._computed) == 2)
        before = batcher.lost()
        first.cancel()
        await until(first.done)
        during = batcher.lost()
        waits.free.set()
        await second
        await until(lambda: not batcher.lost())
        work.cancel()
        batcher.close()
        return before, during

    assert run(scenario()) == (0, 1)
