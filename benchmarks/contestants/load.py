"""A light client: requests at a rate, or of clients that ask again at once: python load.py FILE PORT SECONDS --rate R | --clients N.

FILE is a whole request. One thread and bare sockets, since the client works on the cores of the server. Ends with a line of JSON: for
each request its status (0: no connection, -1: no answer on a connection that was there), the second it was sent in, the seconds it took,
and whether the answer had a Retry-After.
"""

import argparse
import contextlib
import json
import select
import socket
import time
from pathlib import Path

PATIENCE = 30.0  # seconds for an answer
MOST_OPEN = 900  # requests without an answer, so that a server without a bound does not take the machine; further ones are not sent
CHUNK = 2**18


class Asked:
    """One request on a connection of its own."""

    def __init__(self, port: int, request: bytes, now: float) -> None:
        self.since, self.rest, self.answer, self.connected = now, memoryview(request), b"", False
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))

    def work(self) -> bool:
        """Send or receive what is possible now; whether that was all."""
        try:
            if self.rest:
                self.rest = self.rest[self.socket.send(self.rest) :]
                self.connected = True
                return False
            chunk = self.socket.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            return self._last()  # refused before the body was sent: the answer may be there
        self.answer += chunk
        return not chunk or self._whole()

    def _last(self) -> bool:
        with contextlib.suppress(OSError):
            self.answer += self.socket.recv(CHUNK)
        return True

    def _whole(self) -> bool:
        head, end, body = self.answer.partition(b"\r\n\r\n")
        lines = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return bool(end and lines) and len(body) >= int(lines[0].partition(b":")[2])

    def row(self, start: float, now: float) -> tuple[int, float, float, bool]:
        """Status, second, seconds, and whether the answer says when to try again."""
        words = self.answer.split(maxsplit=2)
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else -int(self.connected)
        return status, round(self.since - start, 3), round(now - self.since, 5), b"\nretry-after:" in self.answer.lower()


def asked(port: int, request: bytes, seconds: float, rate: float, clients: int) -> tuple[list[tuple[int, float, float, bool]], int]:
    """A row for each request, and the number that were not sent because too many were open."""
    poll, open_, rows, sent, unsent = select.epoll(), {}, [], 0, 0
    start = time.monotonic()
    end = start + seconds
    while (now := time.monotonic()) < end + PATIENCE and (now < end or open_):
        due = (clients - len(open_) if clients else int((now - start) * rate) + 1 - sent - unsent) if now < end else 0
        for _ in range(due):
            if len(open_) >= MOST_OPEN:
                unsent += 1
                continue
            one = Asked(port, request, now)
            open_[one.socket.fileno()] = one
            poll.register(one.socket.fileno(), select.EPOLLOUT)
            sent += 1
        next_one = 0.1 if clients or now >= end else max(0.0, start + (sent + unsent) / rate - now)
        for number, _ in poll.poll(min(next_one, 0.1)):
            one = open_[number]
            if one.work():
                rows.append(one.row(start, time.monotonic()))
                if clients and not rows[-1][0]:
                    time.sleep(0.02)  # the port is closed
                poll.unregister(number)
                one.socket.close()
                del open_[number]
            elif not one.rest:
                poll.modify(number, select.EPOLLIN)
    return [*rows, *((0, round(one.since - start, 3), PATIENCE, False) for one in open_.values())], unsent


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("request", type=Path)
    words.add_argument("port", type=int)
    words.add_argument("seconds", type=float)
    words.add_argument("--rate", type=float, default=0.0)
    words.add_argument("--clients", type=int, default=0)
    given = words.parse_args()
    rows, unsent = asked(given.port, given.request.read_bytes(), given.seconds, given.rate, given.clients)
    print(json.dumps({"rows": rows, "unsent": unsent, "cpu_s": time.process_time()}))


if __name__ == "__main__":
    main()
