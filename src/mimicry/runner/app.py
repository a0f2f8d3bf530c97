"""The local web application: pages, stimuli by number, and the recording's way to the disk."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
)
from starlette.routing import Route

from mimicry.errors import InputError
from mimicry.files import check_shape, json_value
from mimicry.runner.journal import Journal, Refusal
from mimicry.runner.security import (
    MAX_BODY,
    Gate,
    LaunchTokens,
    TooLargeError,
    cookie_name,
    read_body,
    whole_number,
)
from mimicry.runner.stored import STREAMS

__all__ = ["RunnerState", "make_app"]

_STATIC = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
# a fixed list: a name from a request is looked up here and never joined to a path
_FILES = {p.name: p for p in sorted(_STATIC.iterdir()) if p.suffix in _TYPES}
_PAGES = {f"/{name}": f"{name}.html" for name in ("run", "operator", "measure", "live")}
_REPORT_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

Answer = Callable[[Request], Awaitable[Response]]
# of a JPEG of the camera check: face found, size, pose, light and sharpness
FaceCheck = Callable[[bytes], Mapping[str, Any]]


@dataclass
class RunnerState:
    """What the server knows while it runs; the command and the tests look at it too."""

    journal: Journal | None = None
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    home: str = "/run"
    measure: Mapping[str, Any] = field(default_factory=dict)
    stimuli: tuple[tuple[Path, str], ...] = ()
    face_check: FaceCheck | None = None
    on_end: Callable[[str, str], None] | None = None
    tokens: LaunchTokens = field(default_factory=LaunchTokens)
    command: str = "run"
    result: dict[str, Any] | None = None
    job: Callable[[], Mapping[str, Any]] | None = None
    report: Path | None = None
    report_opened: bool = False
    operator_seen_s: float = -1e9  # monotonic time when the operator's page last asked
    live: Callable[[int], bytes] | None = None

    def role_key(self, role: str) -> str:
        """Return the cookie value of a role."""
        return hmac.new(self.secret.encode(), role.encode(), hashlib.sha256).hexdigest()

    def need_journal(self) -> Journal:
        """Return the session, or refuse where there is none."""
        if self.journal is None:
            raise Refusal(404, "no session runs here")
        return self.journal


def make_app(state: RunnerState, port: int) -> Gate:
    """Build the application behind its gate."""
    handlers = _Handlers(state, port)
    api = "/api/v1"
    routes = [
        Route("/", handlers.launch),
        *(Route(path, handlers.page) for path in _PAGES),
        Route("/static/{name}", handlers.static),
        Route("/stim/{number:int}", handlers.stimulus),
        Route("/report", handlers.report),
        Route(f"{api}/plan", handlers.plan),
        Route(f"{api}/clock", handlers.clock),
        Route(f"{api}/status", handlers.status),
        Route(f"{api}/live/{{after:int}}", handlers.live),
        Route(f"{api}/claim", handlers.claim, methods=["POST"]),
        Route(
            f"{api}/chunk/{{segment:int}}/{{stream}}/{{seq:int}}", handlers.chunk, methods=["POST"]
        ),
        Route(f"{api}/check", handlers.check, methods=["POST"]),
        Route(f"{api}/heartbeat", handlers.heartbeat, methods=["POST"]),
        Route(f"{api}/finish", handlers.finish, methods=["POST"]),
        Route(f"{api}/abort", handlers.abort, methods=["POST"]),
        Route(f"{api}/result", handlers.result, methods=["POST"]),
        Route(f"{api}/operator/{{what}}", handlers.operate, methods=["POST"]),
    ]
    app = Starlette(
        routes=routes, exception_handlers={Refusal: _refused, TooLargeError: _too_large}
    )
    keys = {role: state.role_key(role) for role in ("participant", "operator")}
    return Gate(app, port=port, keys=keys)


async def _refused(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Refusal)
    return JSONResponse(problem.body, status_code=problem.status)


async def _too_large(_request: Request, _problem: Exception) -> Response:
    return JSONResponse({"error": "too large"}, status_code=413)


def _need(request: Request, role: str) -> None:
    if role not in request.scope["mimicry_roles"]:
        raise Refusal(403, f"only the {role}'s page may do this")


class _Handlers:
    def __init__(self, state: RunnerState, port: int) -> None:
        self.state = state
        self.port = port

    async def launch(self, request: Request) -> Response:
        """Exchange a launch token for a cookie, once."""
        role = self.state.tokens.use(request.query_params.get("k", ""))
        if role is None:
            return PlainTextResponse("this link was used or is unknown", status_code=403)
        target = "/operator" if role == "operator" else self.state.home
        # not a redirect: the browser came from a file, and would not send a strict cookie along
        answer = HTMLResponse(f'<meta http-equiv="refresh" content="0;url={target}">')
        answer.set_cookie(
            cookie_name(self.port, role),
            self.state.role_key(role),
            httponly=True,
            samesite="strict",
            path="/",
        )
        return answer

    async def page(self, request: Request) -> Response:
        """Send a page to its role."""
        path = request.url.path
        _need(request, "operator" if path == "/operator" else "participant")
        return HTMLResponse((_STATIC / _PAGES[path]).read_text(encoding="utf-8"))

    async def static(self, request: Request) -> Response:
        """Send one of the page's own files."""
        path = _FILES.get(request.path_params["name"])
        if path is None:
            return PlainTextResponse("no such file", status_code=404)
        return Response(path.read_bytes(), media_type=_TYPES[path.suffix])

    async def stimulus(self, request: Request) -> Response:
        """Send a stimulus by its number in the plan."""
        stimuli = self.state.stimuli
        number = request.path_params["number"]
        if number >= len(stimuli):
            return PlainTextResponse("no such stimulus", status_code=404)
        path, mime = stimuli[number]
        return FileResponse(path, media_type=mime)

    async def report(self, request: Request) -> Response:
        """Send the finished report to the operator."""
        _need(request, "operator")
        path = self.state.report
        if path is None or not path.is_file():
            return PlainTextResponse("no report yet", status_code=404)
        headers = {"Content-Security-Policy": _REPORT_CSP}
        self.state.report_opened = True
        return HTMLResponse(path.read_text(encoding="utf-8"), headers=headers)

    async def plan(self, request: Request) -> Response:
        """Send what the page shows."""
        _need(request, "participant")
        if self.state.journal is None:
            return JSONResponse(dict(self.state.measure))
        return JSONResponse(self.state.journal.plan.for_page())

    async def clock(self, _request: Request) -> Response:
        """Send the server's monotonic clock."""
        return JSONResponse({"server_ns": str(time.monotonic_ns())})

    async def status(self, request: Request) -> Response:
        """Send the operator what goes on."""
        _need(request, "operator")
        self.state.operator_seen_s = time.monotonic()
        journal = self.state.need_journal()
        status = await run_in_threadpool(journal.status)
        job = self.state.job() if self.state.job else None
        has_report = self.state.report is not None and self.state.report.is_file()
        return JSONResponse(
            {**status, "command": self.state.command, "job": job, "report": has_report}
        )

    async def live(self, request: Request) -> Response:
        """Send the next picture of the live view."""
        _need(request, "participant")
        if self.state.live is None:
            raise Refusal(404, "no live view runs here")
        packed = await run_in_threadpool(self.state.live, request.path_params["after"])
        return Response(packed, media_type="application/octet-stream")

    async def claim(self, request: Request) -> Response:
        """Give the session to the asking window."""
        _need(request, "participant")
        window = str((await _json(request)).get("window", ""))[:64]
        claim = await run_in_threadpool(self.state.need_journal().claim, window)
        if self.state.command == "abort":
            raise Refusal(410, "the operator has ended this session")
        return JSONResponse({**claim, "command": self.state.command})

    async def chunk(self, request: Request) -> Response:
        """Store one piece of a stream."""
        _need(request, "participant")
        journal = self.state.need_journal()
        stream = request.path_params["stream"]
        crc = whole_number(request.headers.get("x-crc32", ""))
        if stream not in STREAMS or crc is None:
            raise Refusal(400, "no such stream, or no checksum")
        body = await read_body(request.stream(), MAX_BODY)
        await run_in_threadpool(
            journal.append,
            request.headers.get("x-lease", ""),
            request.path_params["segment"],
            stream,
            request.path_params["seq"],
            body,
            crc=crc,
        )
        return JSONResponse({"command": self.state.command})

    async def check(self, request: Request) -> Response:
        """Look at one picture of the camera check; nothing of it is kept."""
        _need(request, "participant")
        if self.state.face_check is None:
            raise Refusal(404, "no camera check runs here")
        jpeg = await read_body(request.stream(), 2 << 20)
        return JSONResponse(dict(await run_in_threadpool(self.state.face_check, jpeg)))

    async def heartbeat(self, request: Request) -> Response:
        """Keep the lease and hand over the operator's wish."""
        _need(request, "participant")
        self.state.need_journal().touch(request.headers.get("x-lease", ""))
        return JSONResponse({"command": self.state.command})

    async def finish(self, request: Request) -> Response:
        """Close the session after its last step."""
        return await self._end(request, "finished")

    async def abort(self, request: Request) -> Response:
        """Close the session early; what was recorded is kept."""
        return await self._end(request, "aborted")

    async def _end(self, request: Request, outcome: str) -> Response:
        _need(request, "participant")
        reason = str((await _json(request)).get("reason", ""))[:500]
        journal = self.state.need_journal()
        if not journal.finished:
            journal.touch(request.headers.get("x-lease", ""))
            await run_in_threadpool(journal.finish, outcome, reason)
            if self.state.on_end:
                self.state.on_end(outcome, reason)
        return JSONResponse({"outcome": outcome})

    async def result(self, request: Request) -> Response:
        """Take the result of a measurement page."""
        _need(request, "participant")
        self.state.result = await _json(request, MAX_BODY)
        return JSONResponse({})

    async def operate(self, request: Request) -> Response:
        """Pause, go on, end, or write a note."""
        _need(request, "operator")
        what = request.path_params["what"]
        if what not in {"pause", "run", "abort", "note"}:
            raise Refusal(404, "no such order")
        text = str((await _json(request)).get("text", ""))[:5000]
        journal = self.state.need_journal()
        await run_in_threadpool(journal.note, what, text=text)
        if what != "note" and not journal.finished:
            self.state.command = what
        return JSONResponse({"command": self.state.command})


async def _json(request: Request, limit: int = 1 << 16) -> dict[str, Any]:
    body = await read_body(request.stream(), limit)
    try:
        value = json_value(body or b"{}", path=Path("the request"))
        check_shape(value, dict, path=Path("the request"))
    except InputError as problem:
        raise Refusal(400, f"no JSON object: {problem.message}") from None
    content: dict[str, Any] = value
    return content
