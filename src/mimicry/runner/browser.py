"""Finding and starting Edge, Chrome or Chromium in kiosk mode with a profile of its own."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mimicry.errors import InputError

__all__ = ["FLAGS", "find_browser", "open_browser", "profile_folder"]

_NAMES = (
    "microsoft-edge",
    "microsoft-edge-stable",
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "msedge",
    "chrome",
)
_PLACES = {
    "win32": (
        "{PROGRAMFILES(X86)}/Microsoft/Edge/Application/msedge.exe",
        "{PROGRAMFILES}/Microsoft/Edge/Application/msedge.exe",
        "{PROGRAMFILES}/Google/Chrome/Application/chrome.exe",
        "{PROGRAMFILES(X86)}/Google/Chrome/Application/chrome.exe",
        "{LOCALAPPDATA}/Google/Chrome/Application/chrome.exe",
    ),
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ),
}

# nothing leaves the machine, no bubbles over the first stimulus, no throttled timers
FLAGS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-quic",
    "--disable-breakpad",
    "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-session-crashed-bubble",
    "--hide-crash-restore-bubble",
    "--password-store=basic",
    "--use-mock-keychain",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def find_browser(wanted: str | None = None) -> str:
    """Return the program of an Edge, Chrome or Chromium.

    Parameters
    ----------
    wanted
        A name or path chosen by the user; otherwise the environment variable
        ``MIMICRY_BROWSER``, then the usual names and places.

    Raises
    ------
    InputError
        When there is none. Firefox and Safari lack the interfaces that frame times need.
    """
    wanted = wanted or os.environ.get("MIMICRY_BROWSER")
    if wanted:
        program = shutil.which(wanted)
        if program:
            return program
        raise InputError(f"no browser {wanted!r} found", key="`browser`")
    for name in _NAMES:
        program = shutil.which(name)
        if program:
            return program
    for place in _PLACES.get(sys.platform, ()):
        try:
            path = Path(place.format_map(os.environ))
        except KeyError:
            continue
        if path.is_file():
            return str(path)
    raise InputError(
        "no Edge, Chrome or Chromium found on this computer",
        key="`browser`",
        hint="Install one of them, or name its program with `browser`. Firefox and Safari "
        "cannot give the capture times of camera frames.",
    )


def profile_folder() -> Path:
    """Return the browser profile of the runner, apart from anyone's own browsing."""
    from platformdirs import user_data_path

    folder = user_data_path("mimicry", appauthor=False) / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


@contextmanager
def open_browser(
    url: str,
    *,
    program: str,
    kiosk: bool = True,
    profile: Path | None = None,
    more: Sequence[str] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the browser on `url`; it is closed when the block ends.

    The address holds a secret and every user of a computer can read command lines, so the
    browser is given a page that only its owner can read, and which leads there.

    `more` are further command line switches; ``MIMICRY_BROWSER_FLAGS`` adds others (a
    container, for instance, needs ``--no-sandbox``).
    """
    extra = os.environ.get("MIMICRY_BROWSER_FLAGS", "").split()
    place = profile or profile_folder()
    page = _launch_page(place, url)
    command = [
        program,
        f"--user-data-dir={place}",
        *FLAGS,
        *(["--kiosk"] if kiosk else ["--window-size=1100,800"]),
        f"--app={page.as_uri()}",
        *more,
        *extra,
    ]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name == "posix",
        )
        try:
            yield process
        finally:
            _stop(process)
    finally:
        page.unlink(missing_ok=True)


def _launch_page(folder: Path, url: str) -> Path:
    """Write the page that leads to `url`; those of runs that were killed are taken away."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("launch-*.html"):
        old.unlink(missing_ok=True)
    path = (folder / f"launch-{secrets.token_hex(8)}.html").absolute()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f'<meta http-equiv="refresh" content="0;url={url}">\n')
    return path


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the browser with its helpers (they share its process group on POSIX)."""
    if process.poll() is not None:
        return
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGTERM)
    else:
        process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait(5)
