"""A small server on the loopback address that answers as the Hugging Face hub does, and fails as told to."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server has, how it fails, and what it was asked.

    Attributes:
        files: Path behind the address, as "owner/name/resolve/main/file" → content.
        cut_after: How many bytes of a body it sends before it cuts the connection, for each GET in turn; once
            they are used up it sends everything.
        refused: Path → status that it answers instead.
        says_size, says_digest: What it says of a file instead of the truth.
        sends: What it sends instead of a file.
        knows_ranges: Whether it can begin in the middle.
        asked: "METHOD path range" of every request.
        address: Where it is reached.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    says_size: int | None = None
    says_digest: str | None = None
    sends: bytes | None = None
    knows_ranges: bool = True
    asked: list[str] = field(default_factory=list)
    address: str = ""

    @property
    def elsewhere(self) -> str:
        """The same server under another name, which the hub's library takes for another host."""
        return self.address.replace("127.0.0.1", "localhost")

    def put(self, path: str, content: bytes) -> str:
        """Have a file; returns its SHA-256."""
        self.files[path] = content
        return hashlib.sha256(content).hexdigest()

    def bodies(self) -> list[str]:
        """Ranges that were asked for, "-" for a whole file."""
        return [request.split()[2] for request in self.asked if request.startswith("GET")]


@contextmanager
def serving() -> Iterator[Hub]:
    """Run the server until the end of the block."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self):
            path = urlsplit(self.path).path.lstrip("/")
            hub.asked.append(f"HEAD {path} -")
            if path.startswith("cdn/"):
                self.send_response(200)
                self.send_header("Content-Length", str(len(hub.files[path.removeprefix("cdn/")])))
                return self.end_headers()
            if (status := self._refusal(path)) is not None:
                return self._refuse(status)
            content = hub.files[path]
            self.send_response(302)
            self.send_header("Location", f"{hub.elsewhere}/cdn/{path}")
            self.send_header("X-Repo-Commit", COMMIT)
            digest = hub.says_digest or hashlib.sha256(content).hexdigest()
            self.send_header("X-Linked-Etag", f'"{digest}"')
            self.send_header("X-Linked-Size", str(hub.says_size or len(content)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            path = urlsplit(self.path).path.lstrip("/")
            if not path.startswith("cdn/"):
                if (status := self._refusal(path)) is not None:
                    return self._refuse(status)
                self.send_response(302)
                self.send_header("Location", f"{hub.elsewhere}/cdn/{path}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            self._send(path.removeprefix("cdn/"))

        def _send(self, path):
            wanted = self.headers.get("Range", "-").removeprefix("bytes=")
            hub.asked.append(f"GET {path} {wanted}")
            content = hub.files[path] if hub.sends is None else hub.sends
            start = int(wanted.rstrip("-") or 0) if hub.knows_ranges else 0
            if start >= len(content) > 0:
                return self._refuse(416)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if hub.cut_after:
                self.wfile.write(content[start : start + hub.cut_after.pop(0)])
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(content[start:])

        def _refusal(self, path):
            return hub.refused.get(path, None if path in hub.files else 404)

        def _refuse(self, status):
            self.send_response(status)
            codes = {401: "GatedRepo", 404: "EntryNotFound"}
            if status in codes:
                self.send_header("X-Error-Code", codes[status])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
