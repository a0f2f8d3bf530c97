"""The path of a recording, from its file to its report, passes each room once."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from mimicry.files import asset_folder
from mimicry.pipeline import score_recording
from mimicry.pipeline.plan import make_plan
from mimicry.records import ScoringInputs

# frames are decoded inside the landmark processes: the two rooms are one stage
STAGES = {
    "capture": "landmarks",
    "landmarks": "landmarks",
    "action_units": "action units",
    "timeline": "timeline",
    "scoring": "scoring",
    "report": "report",
}


class Route:
    """Writes down into which stage ``pipeline`` steps, in order; runs of one stage count once.

    What the plan reads before the first frame (events, clock, model file) is no stage.
    """

    def __init__(self) -> None:
        self.stages: list[str] = []
        self._planning = False

    def step(self, frame: FrameType, event: str, _argument: object) -> None:
        """Look at one call or return; for :func:`sys.setprofile`."""
        if frame.f_code is make_plan.__code__ and event in ("call", "return"):
            self._planning = event == "call"
        if event != "call" or self._planning or room_of(frame.f_back) != "pipeline":
            return
        stage = STAGES.get(room_of(frame))
        if stage is not None and stage not in self.stages[-1:]:
            self.stages.append(stage)


def room_of(frame: FrameType | None) -> str:
    """Return the room of the code that a frame runs; empty outside the package."""
    name = "" if frame is None else str(frame.f_globals.get("__name__", ""))
    parts = name.split(".")
    return parts[1] if parts[0] == "mimicry" and len(parts) > 1 else ""


def route_of(work: Callable[[], object]) -> list[str]:
    """Return the stages that `work` steps into."""
    route, before = Route(), sys.getprofile()
    sys.setprofile(route.step)
    try:
        work()
    finally:
        sys.setprofile(before)
    return route.stages


def inputs_of(video: Path) -> ScoringInputs:
    """Return the events beside a part of the sample's video, and the sample's protocol."""
    protocol = asset_folder("sample_data") / "protocol.yaml"
    return ScoringInputs(video.with_name("events.tsv"), protocol)


@pytest.fixture(scope="module")
def scored(cut: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """The route of a video, and the folder with its results."""
    out = tmp_path_factory.mktemp("path")
    return route_of(lambda: score_recording(cut, inputs_of(cut), out)), out


def test_a_video_passes_each_room_once(scored: tuple[list[str], Path]) -> None:
    assert scored[0] == ["landmarks", "action units", "timeline", "scoring", "report"]


def test_a_table_begins_at_the_timeline(scored: tuple[list[str], Path], cut: Path) -> None:
    table = scored[1] / "video_au.parquet"
    stages = route_of(lambda: score_recording(table, inputs_of(cut), scored[1] / "again"))
    assert stages == ["timeline", "scoring", "report"]


def test_a_blind_recording_meets_no_report(scored: tuple[list[str], Path], cut: Path) -> None:
    table = scored[1] / "video_au.parquet"
    stages = route_of(
        lambda: score_recording(table, inputs_of(cut), scored[1] / "blind", blind=True)
    )
    assert stages == ["timeline", "scoring"]


def made_in(room: str, code: str, **names: object) -> dict[str, Any]:
    """Return what code leaves behind that runs as a module of a room."""
    module: dict[str, Any] = {"__name__": f"mimicry.{room}.made", **names}
    exec(code, module)
    return module


def test_a_way_back_into_a_room_is_seen() -> None:
    """A pipeline that asked the timeline once more, after the scores, would fail above."""
    align = made_in("timeline", "def align(): pass")["align"]
    score = made_in("scoring", "def score(): align()", align=align)["score"]
    work = "def work():\n    align(); align(); score(); align()"
    there_and_back = made_in("pipeline", work, align=align, score=score)["work"]
    assert route_of(there_and_back) == ["timeline", "scoring", "timeline"]
