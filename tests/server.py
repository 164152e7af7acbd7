"""A web server in a thread, for downloads: with and without Range, breaking off, refusing."""

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Site:
    """What the server holds, how it behaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    length: bool = True
    breaks_after: list[int] = field(default_factory=list)  # bytes of each answer after which the connection is cut
    status: int = 0
    asked: list[str] = field(default_factory=list)  # the Range header of every request, "" without
    address: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The site at `site.address`, ending in a slash."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            asked = self.headers.get("Range", "")
            site.asked.append(asked)
            content = site.files.get(self.path.lstrip("/"))
            if site.status or content is None:
                self.send_error(site.status or 404)
                return
            start = int(re.match(r"bytes=(\d+)-", asked)[1]) if asked and site.ranges else 0
            if start and start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if site.length:
                self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start:][: site.breaks_after.pop(0) if site.breaks_after else None])

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
