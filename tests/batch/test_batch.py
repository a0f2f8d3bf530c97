"""Batches: every recording is treated for itself, nothing is done twice, nothing is lost."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.batch import Result, plan_batch, run_batch
from mimicry.batch.locks import BusyError, locked
from mimicry.cli import app
from mimicry.cli._batch_view import batch_view
from mimicry.errors import InputError
from mimicry.landmarks.guard import guarded_environment
from mimicry.pipeline import extract_recording
from mimicry.records import ExtractionOptions
from mimicry.study.recordings import shard_of


def run(*words):
    return CliRunner().invoke(app, ["batch", *(str(w) for w in words)])


def hashes(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix != ".log"
    }


REFUSED = ("text.mp4", "zero_bytes.mp4", "no_index.mp4", "audio_only.mp4", "dangling.mp4")
GOOD = 20


@pytest.fixture(scope="module")
def mixed(make_video, hostile, real_face, tmp_path_factory):
    """Twenty good recordings of a few frames (two have equal stems) and ten hostile files."""
    folder = tmp_path_factory.mktemp("mixed")
    for k in range(GOOD - 2):
        make_video(folder / f"good_{k:02}.mp4", frames=2 + k % 3, **real_face)
    make_video(folder / "good_x.mkv", frames=2, **real_face)
    make_video(folder / "good_x.mp4", frames=3, **real_face)
    make_video(folder / "one_frame.mp4", frames=1, **real_face)
    make_video(folder / "wrong_extension.mp4", frames=3, **real_face).rename(
        folder / "wrong_extension.avi"
    )
    make_video(folder / "no_face.mp4", frames=4)
    whole = make_video(
        folder / "damaged.mp4", frames=60, container_options={"movflags": "faststart"}, **real_face
    ).read_bytes()
    (folder / "damaged.mp4").write_bytes(whole[: len(whole) // 8])
    (folder / "noise.webm").write_bytes((hostile / "noise.webm").read_bytes())
    for name in REFUSED:
        shutil.copy(hostile / name, folder / name, follow_symlinks=False)
    assert len(list(folder.iterdir())) == GOOD + 10
    return folder


@pytest.fixture(scope="module")
def done(mixed):
    result = run(mixed, "--json", "--jobs", 2)
    return mixed, result, json.loads(result.stdout)


def test_twenty_good_and_ten_hostile_files_are_each_treated_as_stated(done):
    folder, result, envelope = done
    assert result.exit_code == 1
    assert envelope["status"] == "partial"
    results = folder / "derivatives" / "mimicry"
    rows = {r["input"]: r for r in envelope["recordings"]}
    assert len(rows) == GOOD + 10
    good = {name for name in rows if name.startswith("good_")}
    assert len(good) == GOOD
    # whatever has one frame with a face is kept
    kept = {*good, "one_frame.mp4", "wrong_extension.avi", "damaged.mp4"}
    assert {name for name, r in rows.items() if r["status"] == "done"} == kept
    assert rows["one_frame.mp4"]["frames"] == rows["one_frame.mp4"]["frames_with_face"] == 1
    assert rows["wrong_extension.avi"]["frames_with_face"] == 3
    qc = json.loads((results / "damaged_qc.json").read_text())
    assert qc["video"]["truncated"]
    assert 0 < qc["frames"] == rows["damaged.mp4"]["frames"] < 60
    assert any("damaged.mp4" in text for text in envelope["warnings"])
    # equal stems are kept apart, in the order of the files
    assert len(pd.read_parquet(results / "good_x_au.parquet")) == 2
    assert len(pd.read_parquet(results / "good_x-2_au.parquet")) == 3
    # what cannot be read is a row with a sentence and leaves no table
    failures = pd.read_csv(results / "failures.tsv", sep="\t").set_index("input")
    assert set(failures.index) == {*REFUSED, "noise.webm", "no_face.mp4"}
    assert set(failures.loc[[*REFUSED, "noise.webm"], "error"]) == {"RecordingError"}
    assert not failures["message"].str.contains("Traceback|unexpected").any()
    assert failures["message"].nunique() >= 4
    for name in (*REFUSED, "noise.webm"):
        assert not list(results.glob(f"{Path(name).stem}_*[!g]"))  # a log at most
    # without a face: a row, and the table all the same
    assert failures.loc["no_face.mp4", "error"] == "NoFaceError"
    assert len(pd.read_parquet(results / "no_face_au.parquet")) == 4
    assert not list(results.glob(".*"))


def test_a_batch_writes_what_extract_writes(done, tmp_path):
    folder, *_ = done
    extract_recording(folder / "wrong_extension.avi", tmp_path)
    ours = hashes(folder / "derivatives" / "mimicry")
    assert hashes(tmp_path).items() <= ours.items()


def test_a_second_run_does_nothing_twice(done):
    folder, *_ = done
    results = folder / "derivatives" / "mimicry"
    before = {p: p.stat().st_mtime_ns for p in results.glob("*.parquet")}
    again = json.loads(run(folder, "--json").stdout)
    assert again["counts"]["done"] == 0
    assert again["counts"]["resumed"] == GOOD + 3
    assert {p: p.stat().st_mtime_ns for p in results.glob("*.parquet")} == before


def test_progress_is_said_in_lines_where_there_is_no_terminal(done):
    _, result, _ = done
    assert f"batch: {GOOD + 10} recordings" in result.stderr
    assert "failed: text.mp4: " in result.stderr


def test_the_time_left_counts_what_is_under_way_and_not_what_was_there(
    many, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("mimicry.cli._batch_view._LINE_EVERY_S", 0.0)
    plan = plan_batch([many], out=tmp_path)
    with batch_view() as view:
        view.begin(plan)
        view.result(plan.tasks[0], Result("a", "resumed"))
        assert view.seconds_left() is None
        view.frames(plan.tasks[1], 30, 60)
    assert "batch: 1 of 6, 0 failed, about " in capsys.readouterr().err
    rest = sum(t.size for t in plan.tasks[2:]) + plan.tasks[1].size / 2
    passed = time.monotonic() - view.started
    assert view.seconds_left() == pytest.approx(passed * rest / (plan.tasks[1].size / 2), rel=0.2)


def batch_process(folder, out, *more):
    code = "from mimicry.cli import main; main()"
    words = [sys.executable, "-c", code, "batch", str(folder), "--out", str(out), *more]
    env = {**os.environ, "PYTHONPATH": guarded_environment()["PYTHONPATH"]}
    return subprocess.Popen(
        words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def interrupted_batch(folder, out, after):
    """Start a batch and kill -9 its main process once `after` recordings are finished."""
    process = batch_process(folder, out, "--jobs", "2")
    deadline = time.monotonic() + 200
    while len(list(Path(out).glob("*_au.json"))) < after:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def many(make_video, tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for k in range(6):
        make_video(folder / f"v{k:02}.mp4", frames=12 + 5 * k)
    return folder


@pytest.fixture(scope="module")
def undisturbed(many, tmp_path_factory):
    """What one run without hindrance makes of them."""
    out = tmp_path_factory.mktemp("undisturbed")
    run_batch([many], out=out, jobs=1)
    return hashes(out)


def without_failures(files):
    """Leave out the lists of failures: two runs and shards have one each."""
    return {name: found for name, found in files.items() if not name.startswith("failures")}


def test_killed_and_resumed_gives_the_bytes_of_an_undisturbed_run(many, undisturbed, tmp_path):
    interrupted_batch(many, tmp_path / "killed", after=2)
    finished = {p: p.stat().st_mtime_ns for p in (tmp_path / "killed").glob("*_au.json")}
    assert 2 <= len(finished) < 6
    resumed = run_batch([many], out=tmp_path / "killed", jobs=2)
    assert {r.status for r in resumed.recordings} == {"failed"}  # they show no face
    assert all(p.stat().st_mtime_ns == stamp for p, stamp in finished.items())
    assert hashes(tmp_path / "killed") == undisturbed


def test_two_batches_at_once_share_the_work(many, undisturbed, tmp_path):
    processes = [batch_process(many, tmp_path, "--jobs", "1", "--json") for _ in range(2)]
    envelopes = [json.loads(p.communicate(timeout=220)[0]) for p in processes]
    assert all(r["status"] in ("failed", "busy") for e in envelopes for r in e["recordings"])
    assert all("locked" not in f["message"] for e in envelopes for f in e["failures"])
    assert without_failures(hashes(tmp_path)) == without_failures(undisturbed)


def test_a_batch_whose_processes_cannot_be_started_ends_instead_of_waiting(
    many, tmp_path, monkeypatch
):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with pytest.raises(RuntimeError, match="batch process") as caught:
        run_batch([many], out=tmp_path, jobs=2)
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_shards_cover_everything_once_and_a_last_run_joins(many, undisturbed, tmp_path):
    tasks = plan_batch([many], out=tmp_path).tasks
    parts = [shard_of(tasks, f"{k}/3") for k in (1, 2, 3)]
    assert sorted(t.recording for part in parts for t in part) == [t.recording for t in tasks]
    for k in (1, 2, 3):
        assert len(run_batch([many], out=tmp_path, shard=f"{k}/3", jobs=1).recordings) == 2
    assert not (tmp_path / "failures.tsv").exists()
    assert (tmp_path / "failures_1-of-3.tsv").exists()
    last = run_batch([many], out=tmp_path, jobs=1)
    assert len(last.failures) == 6
    assert without_failures(hashes(tmp_path)) == without_failures(undisturbed)
    with pytest.raises(InputError, match="`shard`"):
        run_batch([many], out=tmp_path / "new", shard="4/3")
    assert not (tmp_path / "new").exists()


def test_the_slurm_script_is_a_script(many, tmp_path):
    result = run(many, "--sbatch", 4, "--format", "csv", "--delete-video", "--out", tmp_path)
    assert result.exit_code == 0
    assert "#SBATCH --array=1-4" in result.stdout
    assert '--shard "${SLURM_ARRAY_TASK_ID}/4"' in result.stdout
    assert result.stdout.count(f"--out {tmp_path} --format csv --delete-video") == 2
    script = tmp_path / "job.sh"
    script.write_text(result.stdout)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_a_video_is_deleted_only_after_its_landmarks_were_read_back(clips, tmp_path):
    shutil.copy(clips / "single_face.mp4", tmp_path / "face.mp4")
    shutil.copy(clips / "no_face.mp4", tmp_path / "gone.mp4")
    options = ExtractionOptions(debug_frame=True)
    run_batch([tmp_path], options=options, delete_video=True, jobs=1)
    assert not (tmp_path / "face.mp4").exists()
    assert (tmp_path / "gone.mp4").exists()  # failed: kept
    results = tmp_path / "derivatives" / "mimicry"
    # a picture goes with its video
    assert [p.name for p in results.glob("*.png")] == ["gone_first_frame.png"]
    before = hashes(results)
    again = extract_recording(results / "face_landmarks.parquet", tmp_path / "again")
    assert before["face_au.parquet"] == hashes(tmp_path / "again")["face_au.parquet"]
    assert again.frames_with_face == 72
    (tmp_path / "gone.mp4").unlink()
    rest = run_batch([tmp_path], delete_video=True)  # of no_face.mp4, the landmarks are there
    assert [r.status for r in rest.recordings] == ["resumed", "failed"]


def test_wrong_use_is_refused_in_one_sentence(many, tmp_path):
    (tmp_path / "empty").mkdir()
    for words, part in (
        ((tmp_path / "empty",), "no recordings"),
        ((tmp_path / "none" / "*.mp4", "--out", tmp_path), "matches no file"),
        ((many, "--shard", "0/2"), "--shard"),
        ((many, "--shard", "1/2", "--dask", "tcp://127.0.0.1:1"), "exclude each other"),
        ((many, "--format", "xls"), "xls"),
        ((many / "v00.mp4", many / "v01.mp4"), "--out"),
        ((many, "--protocol", "no-such-protocol"), "no-such-protocol"),
    ):
        result = run(*words)
        assert result.exit_code == 2, (words, result.output)
        assert part in result.stderr
        assert "Traceback" not in result.output


def test_a_lock_is_held_by_one_and_the_dead_do_not_hold_it(tmp_path):
    lock = tmp_path / ".x.lock"
    with locked(lock), pytest.raises(BusyError), locked(lock):
        pass
    assert not lock.exists()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    import platform

    lock.write_text(json.dumps({"host": platform.node(), "pid": dead.pid}))
    with locked(lock):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    lock.write_text(json.dumps({"host": "elsewhere", "pid": 1}))
    with pytest.raises(BusyError), locked(lock):
        pass
    os.utime(lock, (time.time() - 300,) * 2)
    with locked(lock):
        pass
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_a_reason_and_leaves_nothing_half_written(make_video, tmp_path):
    video = make_video(tmp_path / "a.mp4", frames=200)
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "from mimicry.cli import main\n"
        f"sys.argv = ['mimicry', 'extract', {str(video)!r}, '--out', {str(tmp_path / 'out')!r},"
        " '--jobs', '1']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "cannot write results" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").iterdir())
