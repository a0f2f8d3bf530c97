"""The server in a thread of this process: 127.0.0.1 only, a fixed port where it is free."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mimicry.errors import MimicryError, MissingExtraError
from mimicry.runner.app import RunnerState
from mimicry.runner.connections import bounded_protocol

__all__ = ["FIRST_PORT", "Server", "need_extra", "serving"]

FIRST_PORT = 8765


def need_extra() -> None:
    """Check that the web server's packages are there.

    Raises
    ------
    MissingExtraError
        When they are not.
    """
    from importlib.util import find_spec

    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise MissingExtraError(
            "this command needs the web server packages",
            hint='Install them with: pip install "facial-mimicry[runner]"',
        )


@dataclass
class Server:
    """A running server."""

    state: RunnerState
    port: int

    def link(self, role: str = "participant") -> str:
        """Return a new one-time address for a role's page."""
        return f"http://127.0.0.1:{self.port}/?k={self.state.tokens.new(role)}"


@contextmanager
def serving(state: RunnerState, *, port: int | None = None, must: bool = False) -> Iterator[Server]:
    """Run the server while the block runs.

    Parameters
    ----------
    port
        Tried first (the camera permission of a browser hangs on it).
    must
        Fail when `port` is taken; otherwise the system chooses another.
    """
    need_extra()
    import uvicorn

    from mimicry.runner.app import make_app

    sock = _bind(port or FIRST_PORT, must=must)
    number: int = sock.getsockname()[1]
    config = uvicorn.Config(
        make_app(state, number),
        http=bounded_protocol(),
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise MimicryError("the local server did not start")
            time.sleep(0.01)
        yield Server(state, number)
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


def _bind(port: int, *, must: bool) -> socket.socket:
    for candidate in [port] if must else [port, 0]:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        if sys.platform == "win32" and exclusive is not None:
            sock.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", candidate))
            sock.listen(128)
        except OSError:
            sock.close()
            continue
        return sock
    raise MimicryError(
        f"port {port} of 127.0.0.1 is taken",
        hint="End the other command of mimicry, or the program that listens there.",
    )
