"""Who may talk to the local server: the checks that stand before every request.

A web page of another site, of another port of this machine, or behind a name that was rebound
to 127.0.0.1 must get nothing. Programs of the same user are outside what a local server can
keep out.
"""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.responses import PlainTextResponse

__all__ = [
    "MAX_BODY",
    "Gate",
    "LaunchTokens",
    "TooLargeError",
    "cookie_name",
    "read_body",
    "whole_number",
]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 16 << 20
MAX_PATH = 200

_CSP = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), display-capture=()",
    "Cache-Control": "no-store",
}
_RAW_HEADERS = [(k.lower().encode(), v.encode()) for k, v in _HEADERS.items()]


def cookie_name(port: int, role: str) -> str:
    """Return the cookie's name: cookies ignore ports, so the port is in it."""
    return f"mimicry_{role}_{port}"


class LaunchTokens:
    """256-bit tokens that open the page once each."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}

    def new(self, role: str) -> str:
        """Make a token for the participant's or the operator's page."""
        token = secrets.token_urlsafe(32)
        self._open[token] = role
        return token

    def use(self, token: str) -> str | None:
        """Return the token's role and forget it; None when it is unknown or used."""
        for known in self._open:
            if secrets.compare_digest(known.encode(), token.encode()):
                return self._open.pop(known)
        return None


class Gate:
    """ASGI middleware: host, origin and cookie checks before, safety headers after.

    Parameters
    ----------
    app
        The application behind the gate.
    port
        The port the server listens on.
    keys
        Role -> secret that the role's cookie must hold.
    """

    def __init__(self, app: App, *, port: int, keys: dict[str, str]) -> None:
        self.app = app
        self.port = port
        self.keys = keys
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", [])
                names = {name for name, _ in headers}
                message["headers"] = [*headers, *(h for h in _RAW_HEADERS if h[0] not in names)]
            await send(message)

        problem = self._problem(scope)
        if problem is None:
            await self.app(scope, receive, send_with_headers)
            return
        status, text = problem
        await PlainTextResponse(text, status)(scope, receive, send_with_headers)

    def _problem(self, scope: Scope) -> tuple[int, str] | None:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
        host = headers.get("host", "")
        if host not in self.hosts:
            return 421, "wrong host"
        if len(scope["path"]) > MAX_PATH:
            return 414, "too long"
        # the launch page is a file, which counts as another site: its token is checked instead
        launched = scope["path"] == "/" and headers.get("sec-fetch-mode", "navigate") == "navigate"
        if headers.get("sec-fetch-site") not in {"same-origin", "none"} and not launched:
            return 403, "another site asks"
        if scope["method"] not in {"GET", "POST"}:
            return 405, "no such method"
        if scope["method"] == "POST" and (
            headers.get("origin") != f"http://{host}" or headers.get("x-mimicry") != "1"
        ):
            return 403, "another origin posts"
        length = whole_number(headers.get("content-length", "0"))
        if length is None:
            return 400, "bad length"
        if length > MAX_BODY:
            return 413, "too large"
        scope["mimicry_roles"] = self._roles(headers.get("cookie", ""))
        if not scope["mimicry_roles"] and scope["path"] != "/":
            return 403, "open the page from the mimicry command"
        return None

    def _roles(self, cookie: str) -> set[str]:
        cookies = dict(part.strip().partition("=")[::2] for part in cookie.split(";"))
        return {
            role
            for role, secret in self.keys.items()
            if secrets.compare_digest(
                cookies.get(cookie_name(self.port, role), "").encode(), secret.encode()
            )
        }


def whole_number(text: str) -> int | None:
    """Return the number of a header; None: it is none, or longer than any that is meant."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


class TooLargeError(Exception):
    """A body is longer than its endpoint takes."""


async def read_body(stream: Any, limit: int) -> bytes:
    """Read a request's streamed body, giving up as soon as it passes `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in stream:
        size += len(part)
        if size > limit:
            raise TooLargeError
        parts.append(part)
    return b"".join(parts)
