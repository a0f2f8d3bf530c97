"""``mimicry doctor`` finds what is wrong and says what to do."""

import json

from typer.testing import CliRunner

from mimicry.cli import app


def run(*words):
    return CliRunner().invoke(app, ["doctor", *(str(w) for w in words)])


def test_a_sound_machine_passes_and_a_video_s_clock_is_described(clips):
    result = run("--no-camera", "--json", clips / "face_noface.mov")
    assert result.exit_code == 0, result.stdout
    checks = {c["name"]: c for c in json.loads(result.stdout)["checks"]}
    for name in ("versions", "face model", "system libraries", "network guard", "landmarks"):
        assert checks[name]["status"] == "ok", checks[name]
    assert checks["camera"]["status"] == "skipped"
    clock = checks["face_noface.mov"]["details"]
    assert clock["variable_rate"] is True
    assert clock["count_clock_error_s"] > 0.3
    assert clock["video"]["frames"] == 169


def test_a_wrong_model_fails_with_advice(tmp_path):
    wrong = tmp_path / "face.task"
    wrong.write_bytes(b"no model")
    result = run("--no-camera", "--model", wrong)
    assert result.exit_code == 2
    line = next(x for x in result.stdout.splitlines() if "face model" in x)
    assert line.startswith("failed")
    assert "SHA-256" in line


def test_missing_system_libraries_name_the_command(monkeypatch, make_video, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    )
    from mimicry.landmarks.guard import guarded_environment

    broken = guarded_environment()
    broken["PYTHONPATH"] = f"{tmp_path / 'broken'}:{broken['PYTHONPATH']}"
    monkeypatch.setattr("mimicry.landmarks.guard.guarded_environment", lambda: broken)
    monkeypatch.setattr("mimicry.landmarks.native._loads", lambda name: name != "libGL.so.1")
    result = run("--no-camera")
    assert result.exit_code == 2
    failed = [x for x in result.stdout.splitlines() if x.startswith("failed")]
    assert len(failed) == 2
    assert all("sudo apt-get install -y libgl1" in line for line in failed)
    video = make_video(tmp_path / "a.mp4", frames=2)
    result = CliRunner().invoke(app, ["extract", str(video), "--out", str(tmp_path / "out")])
    assert result.exit_code == 3
    assert "libGL.so.1" in result.stderr
    assert "sudo apt-get install -y libgl1" in result.stderr


def test_what_cannot_be_audited_is_refused(hostile):
    result = run("--no-camera", hostile / "text.mp4")
    assert result.exit_code == 2
    assert "text.mp4" in result.stderr
