"""The settings of a server."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import ClearsightError, UsageError, wrong

PICTURE_BYTES = 20 * 2**20  # of one encoded picture
MANY_BYTES = 64 * 2**20  # of one request with many pictures, or with arrays
MANY_PICTURES = 1000  # in it
CONNECTIONS = 1000  # that are open
HEADER_SECONDS = 5.0  # for the lines before a body
BODY_SECONDS = 10.0  # for a body
TOKEN_LENGTH = 16  # characters of a token at least


@dataclass(frozen=True)
class Options:
    """Where a server listens, whom it answers, and its limits: `queue` in pictures of a model (0: by `target`), times in seconds.

    Pictures are admitted so far as they can be answered within `target` at the measured pace; later than `deadline` they are not answered.

    `batch` is the number of pictures computed together at most (0: the classifier's own), `wait` how long a batch waits to be
    full. `isolate` decodes in child processes with limits of memory and time. `log` receives answers with a confidence below `unsure`, and
    `pictures` the pictures of these. Raises UsageError for values outside their range, and for an open host without a token.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    hosts: tuple[str, ...] = ()
    queue: int = 0
    target: float = 0.02
    deadline: float = 2.0
    batch: int = 0
    wait: float = 0.0
    isolate: bool | None = None
    lame_duck: float = 5.0
    grace: float = 30.0
    memory: int = 2**28
    log: Path | None = None
    unsure: float = 0.5
    pictures: Path | None = None

    def __post_init__(self) -> None:
        for name, least in (("queue", 0), ("target", 0), ("deadline", 0.001), ("batch", 0), ("wait", 0), ("lame_duck", 0), ("grace", 0)):
            if not getattr(self, name) >= least:
                raise wrong(name, f"at least {least}", getattr(self, name))
        if not self.local and not self.token:
            raise UsageError(
                f"{self.host} is open to other machines, and there is no token. Give --token-file FILE, a file with a secret of "
                f"{TOKEN_LENGTH} characters or more, or leave --host out."
            )
        if self.pictures and not self.log:
            raise UsageError("--keep-pictures goes with --log FILE.")
        if self.isolate is None:
            object.__setattr__(self, "isolate", not self.local)

    @property
    def local(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine's own loopback."""
    if host.lower().rstrip(".") == "localhost":
        return True
    address = as_address(host)
    return address is not None and address.is_loopback


def as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """`host` as an IP address, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def read_token(path: Path) -> str:
    """The token in the file at `path`, without the white space around it; raises ClearsightError if it is too short or not ASCII."""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ClearsightError(f"cannot read the token in {path}: {getattr(error, 'strerror', None) or 'it is not text'}.") from error
    if len(token) < TOKEN_LENGTH or not token.isascii() or not token.isprintable() or " " in token:
        raise ClearsightError(
            f"the token in {path} must be one word of {TOKEN_LENGTH} or more ASCII characters. Make one: openssl rand -hex 32 > {path}"
        )
    return token
