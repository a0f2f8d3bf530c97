"""A served session and a plain HTTP client that sends exactly the headers it is told to."""

import contextlib
import http.client
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab import small_plan

from mimicry.runner.app import RunnerState
from mimicry.runner.journal import Journal
from mimicry.runner.plan import SessionPlan
from mimicry.runner.security import cookie_name
from mimicry.runner.serve import Server, serving


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as JSON."""
        value: dict[str, Any] = json.loads(self.body)
        return value


@dataclass
class Client:
    """Talks to the server as the page would, unless told otherwise."""

    server: Server
    cookie: str = ""
    lease: str = ""
    segment: int = 0
    sent: dict[str, int] = field(default_factory=dict)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        without: tuple[str, ...] = (),
        **changed: str,
    ) -> Answer:
        """Send a request with a page's headers; some changed or left out."""
        host = f"127.0.0.1:{self.server.port}"
        headers = {"Host": host, "Sec-Fetch-Site": "same-origin", "Cookie": self.cookie}
        if method == "POST":
            headers |= {"Origin": f"http://{host}", "X-Mimicry": "1", "X-Lease": self.lease}
        headers |= {k.replace("_", "-"): v for k, v in changed.items()}
        for name in without:
            headers.pop(name, None)
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            link.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                link.putheader(name, value)
            if body is not None and "Content-Length" not in headers:
                link.putheader("Content-Length", str(len(body)))
            link.endheaders(body)
            answer = link.getresponse()
            return Answer(answer.status, {**dict(answer.getheaders())}, answer.read())
        finally:
            link.close()

    def post(self, path: str, value: Any = None, **changed: Any) -> Answer:
        """Post JSON."""
        return self.ask(path, method="POST", body=json.dumps(value or {}).encode(), **changed)

    def launch(self, role: str = "participant") -> Answer:
        """Open a one-time link and keep the cookie."""
        parts = urlsplit(self.server.link(role))
        answer = self.ask(f"{parts.path}?{parts.query}", Sec_Fetch_Site="none")
        cookie = answer.headers.get("set-cookie", "").split(";")[0]
        self.cookie = "; ".join(filter(None, [self.cookie, cookie]))
        return answer

    def claim(self, window: str = "w1") -> Answer:
        """Claim the session and keep the lease."""
        answer = self.post("/api/v1/claim", {"window": window})
        if answer.status == 200:
            found = answer.json()
            self.lease, self.segment, self.sent = found["lease"], found["segment"], {}
        return answer

    def piece(self, stream: str, body: bytes, *, seq: int | None = None, **changed: str) -> Answer:
        """Send the next piece of a stream."""
        number = self.sent.get(stream, 0) if seq is None else seq
        headers = {"X_CRC32": str(zlib.crc32(body)), **changed}
        path = f"/api/v1/chunk/{self.segment}/{stream}/{number}"
        answer = self.ask(path, method="POST", body=body, **headers)
        if seq is None and answer.status == 200:
            self.sent[stream] = number + 1
        return answer

    def event(self, **fields: Any) -> Answer:
        """Send one event."""
        return self.piece("events", json.dumps(fields).encode() + b"\n")


@contextlib.contextmanager
def served(
    folder: Path, plan: SessionPlan | None = None, **more: Any
) -> Iterator[tuple[Client, Journal]]:
    """Serve a small session from a folder."""
    journal = Journal.create(folder / "study", plan or small_plan(folder))
    with reserved(journal, **more) as client:
        client.launch()
        yield client, journal


@contextlib.contextmanager
def reserved(journal: Journal, **more: Any) -> Iterator[Client]:
    """Serve a session that exists already."""
    state = RunnerState(
        journal=journal,
        secret=journal.secret,
        stimuli=tuple((s.path, s.mime) for s in journal.plan.stimuli),
        **more,
    )
    with serving(state, port=journal.port) as server:
        journal.set_port(server.port)
        yield Client(server)


def cookie_of(port: int, state: RunnerState, role: str = "participant") -> str:
    """Return the cookie that a page of this session holds."""
    return f"{cookie_name(port, role)}={state.role_key(role)}"
