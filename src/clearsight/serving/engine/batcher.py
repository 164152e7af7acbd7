"""Dynamic batches: the pictures that wait are computed together as soon as the network is free."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from ...classifier import Classifier


class Late(Exception):
    """The deadline has passed before the answer."""


@dataclass(frozen=True)
class Scores:
    """The scores `(1, K)` and the novelty `(1,)` of one picture, as `Classifier.predictions` takes them."""

    logits: Tensor
    novelty: Tensor | None


@dataclass(eq=False)
class Ticket:
    """A fitted picture uint8 `(C, H, W)` that waits for its scores by a classifier, until `deadline` on the event loop's clock."""

    classifier: Classifier
    picture: Tensor
    deadline: float
    since: float
    scores: asyncio.Future[Scores]


class Batcher:
    """One queue and one thread that computes; `observe(pictures, waited, seconds)` is called after each batch.

    A batch has at most `most` pictures (0: the classifier's own number), and waits `wait` s for more while it is not full.
    """

    def __init__(self, most: int, wait: float, observe: Callable[[int, float, float], None]) -> None:
        self.most, self.wait, self.observe = most, wait, observe
        self._waiting: deque[Ticket] = deque()
        self._computed: list[Ticket] = []
        self._arrived = asyncio.Event()
        self._engine = ThreadPoolExecutor(1, "engine")

    async def score(self, classifier: Classifier, picture: Tensor, deadline: float) -> Scores:
        """The scores of a fitted picture; raises Late past the `deadline`. Cancelled, it is not computed."""
        loop = asyncio.get_running_loop()
        ticket = Ticket(classifier, picture, deadline, loop.time(), loop.create_future())
        self._waiting.append(ticket)
        self._arrived.set()
        return await ticket.scores

    async def run(self) -> None:
        """Compute batches until cancelled."""
        while True:
            await self._arrived.wait()
            if self.wait and len(self._waiting) < (self.most or 2):
                await asyncio.sleep(self.wait)
            if tickets := self._next():
                self._computed = tickets
                await self._compute(tickets)
                self._computed = []
            if not self._waiting:
                self._arrived.clear()

    def close(self) -> None:
        """End the thread after its present batch."""
        self._engine.shutdown(wait=False, cancel_futures=True)

    def lost(self) -> int:
        """The pictures of the present batch that are computed for nothing: their clients have gone, or their deadlines have passed."""
        return sum(ticket.scores.done() for ticket in self._computed)

    def _next(self) -> list[Ticket]:
        """The next tickets of one classifier, without those whose client has gone or whose deadline has passed."""
        now = asyncio.get_running_loop().time()
        tickets: list[Ticket] = []
        while self._waiting and len(tickets) < (self.most or self._waiting[0].classifier.batch):
            ticket = self._waiting[0]
            if tickets and ticket.classifier is not tickets[0].classifier:
                break  # the model was replaced in between
            self._waiting.popleft()
            if ticket.scores.done():
                continue
            if now > ticket.deadline:
                ticket.scores.set_exception(Late())
                continue
            tickets.append(ticket)
        return tickets

    async def _compute(self, tickets: list[Ticket]) -> None:
        loop = asyncio.get_running_loop()
        waited = loop.time() - tickets[0].since
        try:
            seconds, rows = await loop.run_in_executor(self._engine, computed, tickets[0].classifier, [t.picture for t in tickets])
        except Exception as error:
            for ticket in tickets:
                if not ticket.scores.done():
                    ticket.scores.set_exception(error)
            return
        self.observe(len(tickets), waited, seconds)
        for ticket, row in zip(tickets, rows, strict=True):
            if not ticket.scores.done():
                ticket.scores.set_result(row)


def computed(classifier: Classifier, pictures: list[Tensor]) -> tuple[float, list[Scores]]:
    """The seconds that it took, and the scores of each picture."""
    start = time.perf_counter()
    logits, novelty = classifier.judged(torch.stack(pictures))
    logits = logits.cpu()
    rows = [Scores(logits[i : i + 1], None if novelty is None else novelty[i : i + 1]) for i in range(len(pictures))]
    return time.perf_counter() - start, rows
