"""The commands there are, the words of a batch, and what is typed for a parameter."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from mimicry.batch import Result
from mimicry.cli import COMMANDS, GROUPS, _batch_view, app
from mimicry.cli._batch_view import _Counting, _Lines
from mimicry.cli._hints import OTHER_NAMES, followable, options_of, typed
from mimicry.cli._options import reading_options, whole_numbers
from mimicry.cli._run import Outcome
from mimicry.cli.batch import _worst
from mimicry.errors import InputError


def test_every_command_is_the_function_of_its_module():
    assert COMMANDS == (
        "batch", "calibrate", "demo", "doctor", "extract", "group", "live", "multiverse", "power",
        "prereg", "record", "reliability", "resume", "run", "score", "simulate", "synchrony",
        "validate", "verify", "withdraw",
    )  # fmt: skip
    assert GROUPS == ("blind", "protocol", "stimuli")
    for name in COMMANDS:
        assert callable(getattr(importlib.import_module(f"mimicry.cli.{name}"), name)), name
    for name in GROUPS:
        assert importlib.import_module(f"mimicry.cli.{name}").app.registered_commands, name
    assert app.info.name == "mimicry"
    assert app._add_completion is False
    assert app.pretty_exceptions_enable is False


@pytest.mark.parametrize(
    ("left_s", "text"),
    [(0.4, "0 s"), (1, "1 s"), (299, "299 s"), (300, "5 min"), (359, "5 min"), (360, "6 min"),
     (3599, "59 min"), (3600, "1 h 0 min"), (3659, "1 h 0 min"), (7320, "2 h 2 min")],
)  # fmt: skip
def test_the_time_left_is_told_in_fitting_units(monkeypatch, left_s, text):
    view = _Counting()
    view.total = 2
    monkeypatch.setattr(view, "seconds_left", lambda: left_s)
    assert view.time_left() == f", about {text} left"
    view.finished = 2
    assert view.time_left() == ""
    view.finished = 1
    monkeypatch.setattr(view, "seconds_left", lambda: None)
    assert view.time_left() == ""


def task(name, size):
    return SimpleNamespace(recording=name, label=name, size=size)


def test_the_time_left_follows_the_bytes_that_were_work(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(_batch_view, "time", SimpleNamespace(monotonic=lambda: now[0]))
    tasks = [task("a", 100), task("b", 300), task("c", 500), task("d", 100)]
    view = _Counting()
    view.begin(SimpleNamespace(tasks=tasks))
    now[0] = 110.0
    assert view.seconds_left() is None
    view.result(tasks[0], Result("a", "resumed"))
    view.result(tasks[3], Result("d", "busy"))
    assert view.seconds_left() is None
    view.frames(tasks[1], 50, 100)
    assert view.seconds_left() == pytest.approx(10 * 650 / 150)
    view.frames(tasks[1], 200, 100)  # more frames than were announced are all of them
    assert view.seconds_left() == pytest.approx(10 * 500 / 300)
    view.frames(tasks[2], 10, None)
    view.result(tasks[1], Result("b", "failed", failure={"message": "no"}))
    assert (view.finished, view.failed, view.total) == (3, 1, 4)
    assert view.seconds_left() == pytest.approx(10 * 500 / 300)
    view.result(tasks[2], Result("c", "done"))
    assert (view.failed, view.seconds_left()) == (1, 0.0)


def test_lines_are_said_every_ten_seconds_for_failures_and_at_the_end(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(_batch_view, "time", SimpleNamespace(monotonic=lambda: now[0]))
    tasks = [task("a", 1), task("b", 1)]
    view = _Lines()
    view.begin(SimpleNamespace(tasks=tasks, results=Path("out")))
    said = ["batch: 2 recordings, results in out"]
    state = "batch: 0 of 2, 0 failed, about {} s left"
    times = {9.9: None, 10.0: state.format(30), 19.9: None, 20.0: state.format(60)}
    for moment, line in times.items():
        now[0] = moment
        view.frames(tasks[0], 1, 2)
        said += [line] if line else []
    view.result(tasks[0], Result("a", "failed", failure={"message": "no face"}))
    view.result(tasks[1], Result("b", "done"))
    said += ["failed: a: no face", "batch: 2 of 2, 1 failed"]
    assert capsys.readouterr().err.splitlines() == said


def test_the_recording_with_the_fewest_usable_frames_is_named():
    def result(label, frames, face, usable):
        return Result(label, "done", frames, face, usable)

    done = [result("a", 100, 90, 80), result("b", 200, 100, 90), result("c", 0, 0, 0),
            result("d", 50, 50, None)]  # fmt: skip
    (line,) = _worst(SimpleNamespace(recordings=done))
    assert line == "fewest usable frames: b, a face in 50 %, usable 45 %"
    alike = [result("a", 100, 60, 40), result("b", 100, 50, 40)]
    assert "frames: b," in _worst(SimpleNamespace(recordings=alike))[0]
    assert _worst(SimpleNamespace(recordings=done[2:])) == []


def test_names_of_parameters_that_differ_from_their_options():
    assert OTHER_NAMES == {
        "action_unit": "au", "faces": "face", "groups": "group", "max_lag_s": "max_lag",
        "names": "au", "nuisance": "noise", "offset_s": "offset", "pairs": "pair",
        "partners": "partner", "rate_hz": "rate", "roi_px": "roi", "smooth_s": "smooth",
        "source": "camera", "step_s": "step", "window_s": "window",
    }  # fmt: skip

    def option(name, *opts, secondary=()):
        return SimpleNamespace(name=name, opts=list(opts), secondary_opts=list(secondary))

    command = SimpleNamespace(
        params=[option("au", "--au", "-a"), option("max_lag", "--max-lag"), option("path", "path"),
                option("video", "--video", secondary=["--no-video"])]
    )  # fmt: skip
    options = options_of(command)
    assert options == {
        "--au": "--au", "-a": "-a", "--max-lag": "--max-lag", "path": "path", "--video": "--video",
        "--no-video": "--no-video", "action_unit": "--au", "names": "--au",
        "max_lag_s": "--max-lag", "au": "--au", "max_lag": "--max-lag", "video": "--video",
    }  # fmt: skip
    assert typed("`max_lag_s=2.5`, `names=['AU12', 'AU 4']`, `video=True`, `out`", options) == (
        "--max-lag 2.5, --au AU12 --au 'AU 4', --video, `out`"
    )
    assert typed("`au=(1, 2)` or `au={'a': 1}` or `au=a b`", options) == (
        "--au 1,2 or --au a=1 or --au a b"
    )
    assert followable("Give `out`; or give `au`.", options) == "or give --au."
    assert followable("Give `au`; or `out`.", options) == "Give --au."


def test_numbers_from_two_up_and_the_choices_of_a_reading():
    assert whole_numbers("2,3,", "--x") == [2, 3]
    for text in ("2,1", "0", "-5"):
        with pytest.raises(InputError, match="from 2 up"):
            whole_numbers(text, "--x")
    assert reading_options().to_json() == {}
    chosen = reading_options(roi="1,2,3,4", fps=25.0, face="left", clock="unix")
    assert chosen.roi_px == (1, 2, 3, 4)
    assert (chosen.fps, chosen.face, chosen.clock, chosen.video) == (25.0, "left", "unix", None)
    video = reading_options(video=Path("a.mp4")).video
    assert video == str(Path("a.mp4").absolute())
    with pytest.raises(InputError) as caught:
        reading_options(fps=25.0, video=Path("a.mp4"))
    assert caught.value.key == "--fps"


@pytest.mark.parametrize(
    ("words", "place", "chosen"),
    [
        (["run-1"], "run-1", {"browser": "found None", "kiosk": True, "score": True}),
        (["study", "--participant", "07", "--browser", "edge", "--window", "--no-score"],
         "run of 07 in study", {"browser": "found edge", "kiosk": False, "score": False}),
    ],
)  # fmt: skip
def test_a_session_is_resumed_with_what_was_chosen(monkeypatch, words, place, chosen):
    asked = []

    def outcome(journal, study, **keys):
        asked.append((journal, study, keys))
        return Outcome(text="went on")

    for name, made in (
        ("cli.resume.session_outcome", outcome),
        ("runner.serve.need_extra", lambda: None),
        ("runner.browser.find_browser", "found {}".format),
        ("runner.journal.Journal.open", "journal of {}".format),
        ("runner.study.latest_session", lambda folder, who: f"run of {who} in {folder}"),
        ("runner.study.study_of", "study of {}".format),
    ):
        monkeypatch.setattr(f"mimicry.{name}", made)
    answer = CliRunner().invoke(app, ["resume", *words])
    assert (answer.exit_code, answer.stdout) == (0, "went on\n")
    assert asked == [(f"journal of {place}", f"study of {place}", chosen)]
