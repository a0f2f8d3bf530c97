"""A short variant of the house protocol with marker clips, and taking part in the real command."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from driver import agree
from lab import wait_for

from mimicry.files import read_json, sha256_of

MARKERS = {"happy": 215, "angry": 175, "neutral": 80}
MODELS = ("m01", "f01")
CAMERA_PX = (480, 360)
GREY, MARKED_FROM = 128, 3  # brightness of a clip's first frames, and how many they are

PROTOCOL = """
name: rig-short
extends: dynamic-happy-angry
title: The watch block in short, for the virtual laboratory
stimuli: {identities: [m01, f01], manifest: manifest.json}
design: {randomisation: {max_same_identity: 6}}
timing: {fixation_s: 0.3, iti_s: 0.4}
capture: {width_px: 480, height_px: 360}
blocks:
  watch: {repeats: %(repeats)d, practice: 1}
  imitate: null
  inhibit: null
prediction: {effects: []}
provenance: {"*": default}
"""


def marker_clip(path: Path, level: int, seconds: float) -> Path:
    """Write a clip that is grey at first: a clip's first frame may stand before it plays."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for k in range(round(30 * seconds)):
            picture = np.full((240, 320, 3), GREY if k < MARKED_FROM else level, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def make_stimuli(folder: Path, *, repeats: int = 8) -> Path:
    """Write marker clips that stand for the bundled clips, with their movements."""
    from mimicry.files import asset_folder

    bundled = read_json(asset_folder("stimuli") / "manifest.json")
    entries = []
    for entry in bundled["stimuli"]:
        emotion, model, kind = entry["id"].split("-")[:3]
        if emotion not in MARKERS or model not in MODELS or kind != "dynamic":
            continue
        clip = marker_clip(folder / f"{entry['id']}.mp4", MARKERS[emotion], entry["duration_s"])
        entries.append({**entry, "file": clip.name, "sha256": sha256_of(clip)})
    (folder / "manifest.json").write_text(json.dumps({**bundled, "stimuli": entries}))
    (folder / "rig-short.yaml").write_text(PROTOCOL % {"repeats": repeats})
    return folder / "rig-short.yaml"


@contextlib.contextmanager
def attached(profile: Path) -> Iterator[Any]:
    """Attach to the browser that the command started."""
    from playwright.sync_api import sync_playwright

    port_file = profile / "DevToolsActivePort"
    wait_for(lambda: port_file.exists() and port_file.read_text().count("\n"), 60, "the browser")
    port = port_file.read_text().splitlines()[0]
    with sync_playwright() as playwright:
        address = f"http://127.0.0.1:{port}"
        browser = playwright.chromium.connect_over_cdp(address, timeout=120_000)
        wait_for(lambda: browser.contexts and browser.contexts[0].pages, 30, "the page")
        yield browser.contexts[0].pages[0]


def take_part(page: Any) -> None:
    """Agree, pass the camera check, begin: all by keys."""
    agree(page, seconds=90)
    page.get_by_role("heading", name="Camera check").wait_for(timeout=90_000)
    page.locator("button:enabled").wait_for(timeout=90_000)
    page.locator("button:enabled").press("Enter")
    for title in ("Part 1 of 1", "Now it begins"):
        page.get_by_role("heading", name=title).wait_for(timeout=90_000)
        page.keyboard.press("Enter")


def watch_to_the_end(page: Any, study: Path) -> None:
    """Wait until the session is closed on the disk; answer pauses that a busy machine causes."""
    until = time.monotonic() + 900
    while not list(study.glob("sourcedata/sub-01/run-*/done.json")):
        assert time.monotonic() < until, page.inner_text("body")
        pause = page.get_by_role("heading", name="Short pause")
        if pause.is_visible():
            page.keyboard.press("Enter")
        page.wait_for_timeout(500)
