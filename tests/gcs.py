"""A stand-in for Google Cloud Storage in this process: the calls of its JSON API that gcsfs makes for us, with the conditions of writes.

After https://cloud.google.com/storage/docs/json_api/v1: list (prefix, delimiter, pages), get, get media with a range, multipart upload with
ifGenerationMatch, delete. An upload in several requests, which gcsfs begins at 50 MB, is refused.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import parse_qs

import pytest

from tests.s3 import Faulty, served

BUCKET, TIME = "clearsight-tests", "2026-01-01T00:00:00.000Z"
PAGE = 3  # names of a list, so that lists have pages
_PATH = re.compile(r"/(?:(upload|download)/)?storage/v1/b/([^/]+)(?:/o(?:/(.+))?)?")


class Refused(Exception):
    """The status of an answer that is an error."""


class Store:
    """A WSGI application with one bucket; `denied` refuses every request, as for who has no right to it."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, dict]] = {}
        self.generations, self.denied = count(1_700_000_000_000_000), False

    def __call__(self, environ, start_response):
        asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        try:
            status, kind, body, more = self.answer(environ, asked)
        except Refused as error:
            status, kind, more = f"{error} Refused", "application/json", []
            body = json.dumps({"error": {"code": int(str(error)), "message": "refused"}}).encode()
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *more])
        return [body]

    def answer(self, environ, asked):
        """Status, type, body and further headers."""
        found, method = _PATH.fullmatch(environ["PATH_INFO"]), environ["REQUEST_METHOD"]
        if self.denied:
            raise Refused(403)
        if not found or found[2] != BUCKET:
            raise Refused(404)
        what, _, name = found.groups()
        if method == "POST" and what == "upload":
            return self.upload(environ, asked)
        if method == "GET" and not name:
            return _json(self.list(asked) if "/o" in environ["PATH_INFO"] else {"name": BUCKET, "kind": "storage#bucket"})
        if name not in self.files:
            raise Refused(404)
        if method == "DELETE":
            del self.files[name]
            return "204 No Content", "application/json", b"", []
        if method != "GET":
            raise Refused(405)
        data, facts = self.files[name]
        return _media(data, environ.get("HTTP_RANGE", "")) if asked.get("alt") == "media" else _json(facts)

    def upload(self, environ, asked):
        """A description and a content in two parts; refused where a condition is not met."""
        if asked.get("uploadType") != "multipart":
            raise Refused(501)
        data = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        edge = b"--" + re.search('boundary="?([^";]+)', environ["CONTENT_TYPE"])[1].encode()
        head, _, rest = data.removeprefix(edge).strip(b"\r\n").partition(b"\n" + edge)
        name = json.loads(re.split(rb"\r?\n\r?\n", head, maxsplit=1)[1])["name"]
        content = re.split(rb"\r?\n\r?\n", rest, maxsplit=1)[1].removesuffix(edge + b"--").removesuffix(b"\n")
        now = self.files[name][1]["generation"] if name in self.files else "0"
        if asked.get("ifGenerationMatch", now) != now:
            raise Refused(412)
        generation = str(next(self.generations))
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        facts = {"kind": "storage#object", "name": name, "bucket": BUCKET, "generation": generation, "size": str(len(content))}
        facts |= {
            "md5Hash": digest,
            "etag": f"{generation}/1",
            "updated": TIME,
            "timeCreated": TIME,
        }
        self.files[name] = (content, facts)
        return _json(facts)

    def list(self, asked):
        """A page of the files, and of the folders up to a delimiter, whose names begin with a prefix."""
        prefix, until = asked.get("prefix", ""), asked.get("delimiter", "")
        rows: dict[str, dict | None] = {}
        for name, (_, facts) in list(self.files.items()):
            if name.startswith(prefix):
                below, edge, _ = name.removeprefix(prefix).partition(until) if until else (name, "", "")
                rows[prefix + below + edge if edge else name] = None if edge else facts
        names, start = sorted(rows), int(asked.get("pageToken", 0))
        stop = start + min(PAGE, int(asked.get("maxResults", PAGE)))
        page = {
            "kind": "storage#objects",
            "items": [rows[name] for name in names[start:stop] if rows[name]],
            "prefixes": [name for name in names[start:stop] if not rows[name]],
        }
        return page | ({"nextPageToken": str(stop)} if stop < len(names) else {})


def _json(table):
    return "200 OK", "application/json", json.dumps(table).encode(), []


def _media(data, wanted):
    if not (found := re.fullmatch(r"bytes=(\d+)-(\d+)", wanted)):
        return "200 OK", "application/octet-stream", data, []
    start, stop = int(found[1]), min(int(found[2]) + 1, len(data))
    if start >= len(data):
        raise Refused(416)
    return "206 Partial Content", "application/octet-stream", data[start:stop], [("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")]


@contextmanager
def serving() -> Iterator[Faulty]:
    """Serve a store with one empty bucket, and let gcsfs of this process and its children use it without credentials."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # which asks another interface about each bucket
        pytest.importorskip("gcsfs")
        import fsspec

        with served(Store()) as (faulty, address):
            for name, value in {"STORAGE_EMULATOR_HOST": address, "FSSPEC_GS_TOKEN": "anon", "no_proxy": "127.0.0.1"}.items():
                patch.setenv(name, value)
            patch.setitem(fsspec.config.conf, "gs", {"token": "anon"})  # as of the variable, which is read when fsspec is imported
            yield faulty
