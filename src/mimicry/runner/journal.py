"""The session on disk while it runs, safe from crashes, and what a resume leaves out as done.

::

    run-<UTC>/  (0700)
      plan.json        what is shown, in its realised order; never rewritten
      session.key      secret and lease (0600), removed when the session is finished
      journal.tsv      one line a stored piece: stream, sequence number, end, CRC-32
      seg-001_video.ivf  seg-001_frames.tsv  seg-001_events.jsonl   one set a page load
      operator.jsonl   notes, pauses and aborts
      done.json        outcome, counts and SHA-256 of every stream

A piece counts once its line stands in journal.tsv; what lies behind the last line is cut off
when the folder is opened again, and the page sends it again.
"""

import json
import os
import secrets
import shutil
import threading
import time
import warnings
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mimicry.errors import InputError, QualityWarning
from mimicry.files import check_shape, json_value, make_folders, private, sha256_of, write_json
from mimicry.runner.plan import SessionPlan, read_plan
from mimicry.runner.stored import DONE, PLAN, STREAMS, read_done, read_key, stream_of

__all__ = ["LEASE_S", "STREAMS", "Journal", "Refusal"]

LEASE_S = 6.0
RESERVE_BYTES = {"video": 1 << 20, "frames": 1 << 17, "events": 1 << 16}


class Refusal(Exception):  # noqa: N818 - an answer to the page, no fault
    """A request that the state of the session does not allow, with its HTTP status."""

    def __init__(self, status: int, reason: str, **more: Any) -> None:
        super().__init__(reason)
        self.status = status
        self.body = {"error": reason, **more}


@dataclass
class _Lease:
    token: str
    window: str
    segment: int
    touched: float


class Journal:
    """One session's folder. Thread-safe: the server calls it from worker threads."""

    def __init__(self, folder: Path, plan: SessionPlan, key: dict[str, Any]) -> None:
        self.folder = folder
        self.plan = plan
        self.secret: str = key["secret"]
        self.port: int | None = key.get("port")
        self._lock = threading.RLock()
        self._next: dict[tuple[int, str], int] = {}
        self._tail: dict[int, bytes] = {}
        self._lease: _Lease | None = None
        self.segment = 0
        self.done: set[str] = set()
        self.last_event: dict[str, Any] = {}
        self.frames = 0
        if key.get("lease"):
            self._lease = _Lease(**key["lease"], touched=time.monotonic() - LEASE_S)
        self._reopen()

    @classmethod
    @private()
    def create(cls, study: Path, plan: SessionPlan) -> "Journal":
        """Make the folder of a new session below the study's sourcedata."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = plan.source_folder(study) / f"run-{stamp}"
        try:
            make_folders(folder.parent)
            folder.mkdir()
        except OSError as error:
            raise InputError(
                f"cannot make the session folder ({error.strerror})", path=folder, key="`study`"
            ) from error
        write_json(folder / PLAN, plan.to_json())
        key = {"secret": secrets.token_urlsafe(32)}
        journal = cls(folder, plan, key)
        journal._write_key()
        return journal

    @classmethod
    def open(cls, folder: Path) -> "Journal":
        """Open the folder of an unfinished session.

        Raises
        ------
        InputError
            When it is no session folder or the session is finished.
        """
        if not (folder / PLAN).is_file():
            raise InputError(
                "no session lies here",
                path=folder,
                hint="Expected a folder sourcedata/sub-.../run-... of a study.",
            )
        if (folder / DONE).exists():
            raise InputError("this session is finished; there is nothing to resume", path=folder)
        journal = cls(folder, read_plan(folder), read_key(folder / "session.key"))
        journal._write_key()
        return journal

    def path(self, segment: int, stream: str) -> Path:
        """Return the file of one stream."""
        return self.folder / f"seg-{segment:03d}_{STREAMS[stream]}"

    def set_port(self, port: int) -> None:
        """Remember the port, so that a page that is still open finds a restarted server."""
        self.port = port
        self._write_key()

    def claim(self, window: str) -> dict[str, Any]:
        """Give the session to one window; each claim opens a new segment."""
        with self._lock:
            self._refuse_finished()
            lease = self._lease
            if lease and lease.window != window and time.monotonic() - lease.touched < LEASE_S:
                raise Refusal(409, "another window is running this session")
            self.require_space()
            self.segment += 1
            self._lease = _Lease(secrets.token_urlsafe(16), window, self.segment, time.monotonic())
            self._write_key()
            return {
                "lease": self._lease.token,
                "segment": self.segment,
                "done": sorted(self.done),
                "finished": False,
            }

    def touch(self, token: str) -> None:
        """Keep the lease alive; refuse anyone who does not hold it."""
        with self._lock:
            self._refuse_finished()
            if self._lease is None or not secrets.compare_digest(
                self._lease.token.encode(), token.encode()
            ):
                raise Refusal(409, "this window does not hold the session")
            self._lease.touched = time.monotonic()

    def connected(self) -> bool:
        """Tell whether a page holds the session and was heard of within the lease time."""
        lease = self._lease
        return lease is not None and time.monotonic() - lease.touched < LEASE_S

    def append(
        self, token: str, segment: int, stream: str, seq: int, body: bytes, *, crc: int
    ) -> None:
        """Store one piece: in strict order, checked, on the disk before this returns."""
        if zlib.crc32(body) != crc:
            raise Refusal(400, "the piece was damaged on its way")
        with self._lock:
            self.touch(token)
            if self._lease is None or segment != self._lease.segment:
                raise Refusal(409, "this segment is closed")
            want = self._next.get((segment, stream), 0)
            if seq < want:
                return
            if seq > want:
                raise Refusal(409, "a piece is missing", want=want)
            if self.free_bytes() < RESERVE_BYTES[stream] + len(body):
                raise Refusal(507, "the disk is full")
            path = self.path(segment, stream)
            before = path.stat().st_size if path.exists() else 0
            try:
                _append(path, body)
                line = f"{path.name}\t{seq}\t{before + len(body)}\t{crc}\n"
                _append(self.folder / "journal.tsv", line.encode())
            except OSError as error:
                if path.exists():
                    os.truncate(path, before)
                raise Refusal(507, f"the piece could not be written ({error.strerror})") from error
            self._next[segment, stream] = want + 1
            self._learn(segment, stream, body)

    def note(self, kind: str, **more: Any) -> None:
        """Write a line of the operator's log."""
        line = json.dumps({"time": _now(), "server_ns": time.monotonic_ns(), "type": kind, **more})
        with self._lock:
            _append(self.folder / "operator.jsonl", line.encode() + b"\n")

    def free_bytes(self) -> int:
        """Return the free space of the disk below the session."""
        return shutil.disk_usage(self.folder).free

    def require_space(self) -> None:
        """Refuse to start what the disk could not hold: twice the expected size."""
        camera = self.plan.camera
        rate = camera.bitrate / 8 if camera.record else 10_000
        need = int(2 * self.plan.duration_s() * rate) + RESERVE_BYTES["video"]
        if self.free_bytes() < need:
            raise Refusal(
                507,
                f"the disk has {self.free_bytes() >> 20} MB free; "
                f"this session may need {need >> 20} MB",
            )

    @property
    def finished(self) -> bool:
        """Tell whether the session was finished or aborted."""
        return (self.folder / DONE).exists()

    def finish(self, outcome: str, reason: str = "") -> dict[str, Any]:
        """Close the session; its streams are summed up and never written again."""
        with self._lock:
            if self.finished:
                return read_done(self.folder)
            streams = sorted(self.folder.glob("seg-*_*"))
            done = {
                "outcome": outcome,
                "reason": reason,
                "finished": _now(),
                "segments": self.segment,
                "steps_done": sorted(self.done),
                "sha256": {p.name: sha256_of(p) for p in streams},
                "bytes": {p.name: p.stat().st_size for p in streams},
            }
            with private():
                write_json(self.folder / DONE, done)
            (self.folder / "session.key").unlink(missing_ok=True)
            return done

    def status(self) -> dict[str, Any]:
        """Return what the operator page shows."""
        with self._lock:
            return {
                "participant": self.plan.participant,
                "protocol": self.plan.protocol,
                "steps": len(self.plan.steps),
                "done": len(self.done & {s.step_id for s in self.plan.steps}),
                "segment": self.segment,
                "frames": self.frames,
                "connected": self.connected(),
                "finished": self.finished,
                "free_mb": self.free_bytes() >> 20,
                "last": self.last_event,
            }

    def _refuse_finished(self) -> None:
        if self.finished:
            raise Refusal(410, "this session is finished")

    def _reopen(self) -> None:
        """Take up the stored pieces; cut off what no journal line vouches for.

        Pieces are stored one at a time, so at most one stream is longer than its line says.
        Where that does not hold the journal itself is damaged and nothing is cut off: what the
        streams hold is kept, and the session goes on in a new segment.
        """
        ends, whole = self._read_index()
        places = {p: stream_of(p.name) for p in sorted(self.folder.glob("seg-*_*"))}
        streams = {p: place for p, place in places.items() if place is not None}
        over = {p: p.stat().st_size - ends.get(p.name, 0) for p in streams}
        torn = [p for p, size in over.items() if size > 0]
        whole = whole and len(torn) <= 1 and min(over.values(), default=0) >= 0
        for path, (segment, stream) in streams.items():
            if whole and path in torn:
                os.truncate(path, ends.get(path.name, 0))
            self.segment = max(self.segment, segment)
            if stream != "video":
                self._learn(segment, stream, path.read_bytes())
        if not whole:
            self._next, self._tail, self._lease = {}, {}, None
            text = (
                f"the journal of {self.folder.name} is damaged; what its streams hold is kept, "
                "and the session goes on in a new segment"
            )
            self.note("damaged", text=text)
            warnings.warn(QualityWarning(text), stacklevel=4)

    def _read_index(self) -> tuple[dict[str, int], bool]:
        """Return where each stream ends, and whether the index is whole."""
        index = self.folder / "journal.tsv"
        ends: dict[str, int] = {}
        if not index.is_file():
            return ends, not any(self.folder.glob("seg-*_*"))
        text = index.read_bytes()
        lines = text[: text.rfind(b"\n") + 1]
        if len(lines) < len(text):
            os.truncate(index, len(lines))
        good = True
        for line in lines.split(b"\n")[:-1]:
            cells = line.decode("ascii", "replace").split("\t")
            place = stream_of(cells[0])
            if len(cells) != 4 or place is None or not all(c.isdecimal() for c in cells[1:3]):
                good = False
                continue
            ends[cells[0]] = int(cells[2][:15])
            self._next[place] = int(cells[1][:15]) + 1
        return ends, good

    def _learn(self, segment: int, stream: str, body: bytes) -> None:
        """Follow the progress from what was stored."""
        if stream == "frames":
            self.frames += body.count(b"\n") - body.startswith(b"frame\t")
        if stream != "events":
            return
        lines = (self._tail.pop(segment, b"") + body).split(b"\n")
        self._tail[segment] = lines.pop()
        for line in filter(None, lines):
            try:
                event = json_value(line, path=self.path(segment, stream))
                check_shape(event, {"type?": str, "step?": str}, path=self.path(segment, stream))
            except InputError:  # kept on the disk; conversion counts such lines aloud
                continue
            if event.get("type") == "step_end" and event.get("status") == "done":
                self.done.add(event.get("step", ""))
            self.last_event = event

    def _write_key(self) -> None:
        lease = self._lease
        key = {
            "secret": self.secret,
            "port": self.port,
            "lease": lease
            and {"token": lease.token, "window": lease.window, "segment": lease.segment},
        }
        path = self.folder / "session.key"
        temporary = path.with_suffix(".part")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(key, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def _append(path: Path, body: bytes) -> None:
    with open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
