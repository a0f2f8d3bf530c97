"""A virtual lab: a photodiode on the pixels of Xvfb, and a camera that Chromium reads from a file.

The photodiode is Xvfb's frame buffer, mapped into memory and looked at once a millisecond. The
camera is a y4m file of one frame that Chromium reads again for every picture; the loop rewrites
that frame in place with the time (CLOCK_MONOTONIC) and the brightness of the screen patch, so that
every recorded picture says when it was true and what was on the screen then.

Run as a program: ``python rig.py FRAMEBUFFER Y4M LOG [--delay-ms D] [--response FRAMES.npy]``.
"""

import argparse
import mmap
import os
import struct
import time
from collections import deque
from pathlib import Path

import numpy as np

WIDTH, HEIGHT, BLOCK = 640, 480, 16
BITS = 48
FRAME = b"FRAME\n"
ROWS = ((0, 2), (HEIGHT // BLOCK - 2, HEIGHT // BLOCK))
TICKS = 2000  # looks at the screen between two notes of how far apart they were
PATCH = 160  # columns either side of the middle, where the picture shows the screen's brightness


def blank_camera(path: Path, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    """Write the one-frame file that Chromium opens."""
    width, height = size
    head = f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg\n".encode()
    luma, chroma = bytes([60]) * (width * height), bytes([128]) * (width * height // 2)
    path.write_bytes(head + FRAME + luma + chroma)


def encode_time(t_ns: int) -> np.ndarray:
    """Return the (2 rows, 40) blocks of a time in 100-us steps: 40 bits and a checksum."""
    value = (t_ns // 100_000) & ((1 << 40) - 1)
    check = 0
    for shift in range(0, 40, 8):
        check ^= (value >> shift) & 255
    word = value << 8 | (check ^ 0xA5)
    bits = np.array([word >> i & 1 for i in range(BITS)], np.uint8)
    return np.concatenate([bits, np.zeros(80 - BITS, np.uint8)]).reshape(2, 40)


def decode_time(luma: np.ndarray) -> float | None:
    """Return the burnt-in time in s, or None when both copies are torn."""
    found = []
    for first, last in ROWS:
        rows = luma[first * BLOCK : last * BLOCK].astype(float)
        blocks = rows.reshape(2, BLOCK, 40, BLOCK)[:, 4:12, :, 4:12].mean(axis=(1, 3))
        bits = (blocks.reshape(-1)[:BITS] > 128).astype(np.uint64)
        word = int(sum(int(b) << i for i, b in enumerate(bits)))
        value, check = word >> 8, (word & 255) ^ 0xA5
        for shift in range(0, 40, 8):
            check ^= (value >> shift) & 255
        if check == 0 and value:
            found.append(value / 1e4)
    return min(found) if found else None


class Screen:
    """Pixels of Xvfb's memory-mapped screen (a window dump with a 32-bit head)."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        head = struct.unpack(">25I", self.memory[:100])
        self.start = head[0] + 12 * head[19]
        self.stride, self.width, self.height = head[12], head[4], head[5]

    def green(self, x: int, y: int) -> int:
        """Return one pixel's green value."""
        return self.memory[self.start + y * self.stride + 4 * x + 1]


def main() -> None:
    """Loop until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("framebuffer", type=Path)
    parser.add_argument("camera", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--response", type=Path)
    options = parser.parse_args()
    if os.geteuid() == 0:
        os.nice(-15)
    screen = Screen(options.framebuffer)
    with options.camera.open("r+b") as file:
        camera = mmap.mmap(file.fileno(), 0)
    start = camera.find(FRAME) + len(FRAME)
    player = Response(options.response, camera, start) if options.response else None
    if player is None:
        luma = np.frombuffer(camera, np.uint8, WIDTH * HEIGHT, start).reshape(HEIGHT, WIDTH)
    middle = slice(WIDTH // 2 - PATCH, WIDTH // 2 + PATCH)
    # beside the middle: Xvfb draws its mouse pointer there, into the same memory
    x, y = screen.width // 2 + 60, screen.height // 2 + 60
    past: deque[tuple[int, int]] = deque()
    last, drawn = -1, -1
    ticks: list[int] = []
    before = time.monotonic_ns()
    with options.log.open("w", buffering=1) as log:
        log.write(f"{time.monotonic_ns()} ready\n")
        while True:
            now = time.monotonic_ns()
            value = screen.green(x, y)
            ticks.append(now - before)
            before = now
            if len(ticks) == TICKS:
                log.write(f"{now} {value} tick {sorted(ticks)[int(0.99 * TICKS)]}\n")
                ticks.clear()
            if abs(value - last) > 8:
                log.write(f"{now} {value}\n")
                last = value
            past.append((now, value))
            while past[0][0] < now - options.delay_ms * 1e6 and len(past) > 1:
                past.popleft()
            true_t, true_value = past[0]
            if player is not None:
                player.draw(true_t, true_value)
            else:
                blocks = np.kron(encode_time(true_t), np.ones((BLOCK, BLOCK), np.uint8)) * 219 + 16
                luma[: 2 * BLOCK] = blocks
                if true_value != drawn:
                    luma[3 * BLOCK : -3 * BLOCK, middle] = 16 + true_value * 219 // 255
                    drawn = true_value
                luma[-2 * BLOCK :] = blocks
            time.sleep(0.0007)


class Response:
    """Plays prepared camera frames, locked to what the photodiode sees.

    The file is a folder of ``frames.npy`` (n, bytes of a 4:2:0 picture) and ``clips.json``: for
    every marker brightness the order of frames that answers it, at 30 a second.
    """

    def __init__(self, folder: Path, camera: mmap.mmap, start: int) -> None:
        import json

        self.frames = np.load(folder / "frames.npy", mmap_mode="r")
        spec = json.loads((folder / "clips.json").read_text())
        self.rest: list[int] = spec["rest"]
        self.answers = {int(k): v for k, v in spec["answers"].items()}
        self.rate = float(spec["rate_hz"])
        size = self.frames.shape[1]
        self.picture = np.frombuffer(camera, np.uint8, size, start)
        self.since, self.order, self.shown = time.monotonic_ns(), self.rest, -1
        self.value = -1

    def draw(self, t_ns: int, value: int) -> None:
        """Put the frame that belongs to this moment into the camera."""
        for marker, order in self.answers.items():
            if abs(value - marker) <= 8 < abs(self.value - marker):
                self.since, self.order = t_ns, order
        self.value = value
        at = int((t_ns - self.since) * 1e-9 * self.rate)
        over = at >= len(self.order)
        frame = self.rest[at % len(self.rest)] if over else self.order[at]
        if frame != self.shown:
            self.picture[:] = self.frames[frame]
            self.shown = frame


if __name__ == "__main__":
    main()
