"""From reported events to tables, without a browser: practice, attention checks, ratings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lab import small_plan
from served import served

from mimicry.files import read_json_object
from mimicry.runner.convert import convert_session
from mimicry.runner.plan import Question, Step
from mimicry.study.layout import recordings
from mimicry.timeline import read_events

CHECK = Question("attention", "Press 2.", options=("one", "two", "three"), answer=1)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A practice trial, two scored ones, one check answered right and one answered wrong."""
    folder = tmp_path_factory.mktemp("converted")
    plan = small_plan(folder, trials=3)
    first, *rest = plan.steps
    checks = tuple(Step(f"c{k}", "check", questions=(CHECK,)) for k in (1, 2))
    plan = replace(plan, steps=(replace(first, practice=True), *rest, *checks))
    with served(folder, plan) as (client, journal):
        begin(client)
        for k, step in enumerate(plan.steps[:3]):
            at = 1000.0 * (k + 1)
            client.event(type="step_start", t=at, step=step.step_id)
            shown = {"onset_ms": at + 300, "end": at + 800, "onset_source": "rvfc"}
            more = {"onset_spread_ms": 0.1, "period_ms": 16.7, "dropped": 0, "shown": 30}
            client.event(type="stimulus", t=at, step=step.step_id, kind="stimulus", **shown, **more)
            client.event(type="step_end", t=at + 900, step=step.step_id, status="done", flags=[])
        for step, value in (("c1", 1), ("c2", 0)):
            answer = {"question": "attention", "value": value, "shown_ms": 5000.0, "rt_ms": 640.0}
            client.event(type="rating", t=5640.0, step=step, trial="", **answer)
            client.event(type="step_end", t=5650.0, step=step, status="done", flags=[])
        client.post("/api/v1/finish")
    files = convert_session(journal.folder, folder / "study")
    return {**files, "plan": plan}


def begin(client: Any) -> None:
    client.claim()
    zero = {"page_ms": 0, "server_ns": "0", "rtt_ms": 1}
    client.event(type="segment_start", t=0.0, screen=[1, 1], ua="", clock=zero, timeOrigin=0)


def test_a_session_that_showed_no_trial_leaves_no_recording_to_score(tmp_path: Path) -> None:
    with served(tmp_path, small_plan(tmp_path, trials=1)) as (client, journal):
        begin(client)
        client.piece("video", b"DKIF" + bytes(28))  # of the camera check
        client.event(type="step_start", t=1000.0, step="t1")
        client.post("/api/v1/finish")
    study = tmp_path / "other"
    assert convert_session(journal.folder, study) == {}
    assert not study.exists()
    assert (journal.folder / "seg-001_video.ivf").exists()


def test_ratings_before_the_first_trial_are_kept_without_events(tmp_path: Path) -> None:
    asked = Step("q", "rating", questions=(CHECK,))
    with served(tmp_path, small_plan(tmp_path, trials=1, extra=(asked,))) as (client, journal):
        begin(client)
        answer = {"question": "attention", "value": 1, "shown_ms": 5.0, "rt_ms": 640.0}
        client.event(type="rating", t=645.0, step="q", trial="", **answer)
        client.post("/api/v1/finish")
    study = tmp_path / "other"
    files = convert_session(journal.folder, study)
    assert set(files) == {"beh", "beh_json", "recording"}
    assert set(files.values()) == {p for p in study.rglob("*") if p.is_file()}
    assert read_json_object(files["recording"])["files"].keys() == {"beh", "beh_json"}
    assert not recordings(study)


def test_practice_is_shown_and_kept_apart(tables: dict[str, Any]) -> None:
    table = pd.read_csv(tables["events"], sep="\t", na_values="n/a")
    assert list(table.phase) == ["practice", "stimulus", "stimulus"]
    assert read_events(tables["events"]).trial_id == ("2", "3")


def test_attention_checks_say_who_read_them(tables: dict[str, Any]) -> None:
    table = pd.read_csv(tables["beh"], sep="\t", na_values="n/a")
    assert list(table.question) == ["attention", "attention"]
    assert list(table.response) == [2, 1]
    assert list(table.label) == ["two", "one"]
    assert list(table.correct) == [1, 0]
    assert list(table.response_time) == [0.64, 0.64]
