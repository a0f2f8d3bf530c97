"""Connections to the local server are few and short: half-open ones cannot keep others out."""

from functools import cache
from typing import Any

__all__ = ["BODY_S", "HEADER_S", "MOST", "bounded_protocol"]

MOST = 64  # a page uses six at once, and one page holds the session
HEADER_S = 10.0  # to send the head of a request
BODY_S = 20.0  # without a byte of its body


@cache
def bounded_protocol() -> type[Any]:
    """Return uvicorn's HTTP protocol with limits in time and number.

    Where there are too many connections, the oldest of those that have not yet sent a whole
    head gives way, so that the session's page is served all the same.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Bounded(H11Protocol):  # type: ignore[misc]  # uvicorn is an extra
        _timer: Any = None
        _open: dict["Bounded", None] = {}  # noqa: RUF012 - all connections of a process, by age

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self._open) >= MOST:
                (next((c for c in self._open if c.half_open), self)).give_up()
                if transport.is_closing():
                    return
            self._open[self] = None
            self._start(HEADER_S)

        def connection_lost(self, exc: Exception | None) -> None:
            self._open.pop(self, None)
            self._stop()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.transport.is_closing():
                self._stop()
            elif self.half_open:
                if self._timer is None:
                    self._start(HEADER_S)
            else:
                self._stop()
                if self.cycle.more_body:
                    self._start(BODY_S)

        @property
        def half_open(self) -> bool:
            """Tell whether no whole head of a request that waits for its answer has come."""
            return self.cycle is None or bool(self.cycle.response_complete)

        def on_response_complete(self) -> None:
            self._stop()
            super().on_response_complete()

        def give_up(self) -> None:
            self._stop()
            self._open.pop(self, None)
            self.transport.abort()

        def _start(self, seconds: float) -> None:
            self._timer = self.loop.call_later(seconds, self.give_up)

        def _stop(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Bounded
