"""Methods without a lag matrix, as a person types them."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mimicry.cli import app
from mimicry.kernels.coherence import coherence
from mimicry.synchrony.methods import METHODS

RATE = 25


def run(*words):
    return CliRunner().invoke(app, ["synchrony", *map(str, words), "--rate", str(RATE)])


def numbers(*words):
    answer = run(*words, "--json")
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout)


def smooth(rng, n):
    return np.convolve(rng.standard_normal(n + 9), np.ones(10) / 10, "valid")


def save(path, *columns):
    np.savetxt(path, np.column_stack(columns))
    return path


@pytest.fixture
def pair(tmp_path):
    """The second repeats the first 0.4 s later, with some noise."""
    rng = np.random.default_rng(1)
    leader = smooth(rng, 3010)
    return save(tmp_path / "pair.txt", leader[10:], leader[:-10] + 0.1 * smooth(rng, 3000))


def test_the_list_of_presets_names_settings_and_source_of_every_one():
    rows = {r["preset"]: r for r in numbers("--presets")["presets"]}
    assert set(rows) == set(METHODS)
    assert rows["susy"]["window_s"] == 30.0
    assert rows["dtw"]["options"] == {"bridge_s": 0.5, "min_sd": None}
    assert all(r["question"] and r["source"] for r in rows.values())
    text = run("--presets").stdout
    assert "coherence: at which rhythms" in text
    assert "window 20 s" in text


def test_the_help_names_every_preset():
    words = run("--help").stdout.replace(",", " ").replace(";", " ").split()
    assert set(METHODS) <= set(words)


def test_coherence_gives_the_numbers_of_its_kernel_and_beats_surrogates(pair, tmp_path):
    found = numbers(pair, "--preset", "coherence", "--surrogates", 19, "--out", tmp_path / "out")
    expected = coherence(*np.loadtxt(pair).T, rate_hz=RATE)
    assert found["table"]["coherence"] == pytest.approx(expected.coherence.tolist())
    assert found["mean_coherence"] == pytest.approx(expected.coherence.mean())
    assert found["surrogate"]["p"] == pytest.approx(1 / 20)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        f"pair_coherence.{e}" for e in ("html", "json", "png", "tsv")
    ]
    sidecar = json.loads((tmp_path / "out" / "pair_coherence.json").read_text())
    assert "Fujiwara" in sidecar["settings"]["source"]


def test_dtw_refuses_the_windows_in_which_someone_is_still(tmp_path):
    rng = np.random.default_rng(2)
    first = smooth(rng, 1000)
    second = np.roll(first, 5)
    second[200:400] = 0.0  # the second window of 8 s
    second[610] = np.nan  # one lost frame is bridged
    second[820:840] = np.nan  # a long gap is not
    found = numbers(save(tmp_path / "d.txt", first, second), "--preset", "dtw")
    assert found["table"]["reason"] == [None, "second_still", None, None, "missing"]
    distance = np.array(found["table"]["distance"], dtype=float)
    assert np.isnan(distance[[1, 4]]).all()
    assert (distance[[0, 2, 3]] < 0.5).all()
    assert found["n_windows_still"] == 1
    # a smaller limit is an option, a larger one refuses everything
    assert (
        numbers(tmp_path / "d.txt", "--preset", "dtw", "--set", "min_sd=9")["mean_distance"] is None
    )


def test_events_counts_who_answers_whom(tmp_path):
    first, second = np.zeros(4000), np.zeros(4000)
    for k in range(20):
        start = 100 + 180 * k + 7 * (k % 5)
        first[start : start + 20] = 1.0
        second[start + 15 : start + 35] = 1.0
    noise = np.random.default_rng(3).normal(0, 0.01, (2, 4000))
    path = save(tmp_path / "e.txt", first + noise[0], second + noise[1])
    found = numbers(path, "--preset", "events", "--surrogates", 199)
    assert found["second_answers"]["events"] == 20
    assert found["second_answers"]["hits"] == 20
    assert found["second_answers"]["p"] <= 0.05
    assert found["second_answers"]["median_delay_s"] == pytest.approx(0.6)
    assert found["first_answers"]["hits"] == 0


def test_isc_takes_three_files_or_more_and_tells_shared_moments_from_none(tmp_path):
    rng = np.random.default_rng(4)
    film = smooth(rng, 3000)
    shared = [save(tmp_path / f"v{k}.txt", film + smooth(rng, 3000)) for k in range(4)]
    alone = save(tmp_path / "alone.txt", *(smooth(rng, 3000) for _ in range(4)))
    together = numbers(*shared, "--preset", "isc", "--surrogates", 99, "--out", tmp_path / "o")
    assert together["names"] == ["v0", "v1", "v2", "v3"]
    assert together["p"] == pytest.approx(0.01)
    assert numbers(alone, "--preset", "isc", "--surrogates", 99)["p"] > 0.05
    table = pd.read_csv(tmp_path / "o" / "v0_isc.tsv", sep="\t")
    assert table["viewer"].tolist() == together["names"]


def test_fir_takes_overlapping_responses_apart(tmp_path):
    """Bumps of .3 and .1 after events 1.2 to 3 s apart, noise and drift."""
    rng = np.random.default_rng(1)
    times = np.arange(RATE * 600) / RATE
    onset = np.cumsum(rng.uniform(1.2, 3.0, 250))
    kind = rng.choice(["happy", "angry"], len(onset))
    series = np.cumsum(rng.standard_normal(len(times))) * 0.002 + rng.normal(0, 0.02, len(times))
    for start, which in zip(onset, kind, strict=True):
        x = times - start - 0.4
        bump = np.where((x > 0) & (x < 1), 0.5 - 0.5 * np.cos(2 * np.pi * x), 0.0)
        series += bump * (0.3 if which == "happy" else 0.1)
    events = tmp_path / "events.tsv"
    pd.DataFrame({"onset": onset, "trial_type": kind}).to_csv(events, sep="\t", index=False)
    path = save(tmp_path / "one.txt", series)
    found = numbers(path, "--preset", "fir", "--events", events, "--out", tmp_path / "o")
    table = pd.DataFrame(found["table"])
    largest = table.groupby("condition")["response"].max()
    assert largest["happy"] == pytest.approx(0.3, abs=0.02)
    assert largest["angry"] == pytest.approx(0.1, abs=0.02)
    assert found["events"] == {
        k: int(((kind == k) & (onset < 600)).sum()) for k in ("angry", "happy")
    }
    assert (tmp_path / "o" / "one_fir.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--preset", "isc"), "expected three columns or more"),
        (("--preset", "coherence", "--max-lag", 1), "--max-lag means nothing"),
        (("--preset", "coherence", "--window", 90), "coherence: "),
        (("--preset", "dtw", "--absolute"), "--absolute means nothing"),
        (("--preset", "dtw", "--set", "band=3"), "it has min_sd"),
        (("--preset", "dtw", "--set", "min_sd"), "NAME=NUMBER"),
        (("--preset", "dtw", "--window", 0.01), "do not fit"),
        (("--preset", "events", "--null", "phase"), "null of its own"),
        (("--preset", "rmea", "--set", "x=1"), "--set means nothing"),
        (("--preset", "rmea", "--events", "e.tsv"), "--events means nothing"),
        (("--preset", "fir", "--columns", 1), "--events"),
        (("--preset", "fir", "--columns", 1, "--events", "none.tsv"), "none.tsv"),
        (("--preset", "fir", "--columns", 1, "--surrogates", 9), "no surrogates"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(pair, words, part):
    answer = run(pair, *words)
    assert answer.exit_code == 2
    assert part in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_events_outside_the_recording_or_without_a_column_are_named(tmp_path):
    path = save(tmp_path / "one.txt", smooth(np.random.default_rng(1), 500))
    events = tmp_path / "events.tsv"
    for text, part in (
        ("onset\ttrial_type\n99\thappy\n", "no onset lies in the recording of 20.0 s"),
        ("onset\n1\n", "expected also a column 'trial_type'"),
        ("onset\ttrial_type\n1_0.5\thappy\n", "row 1 has '1_0.5' in column 'onset'"),
    ):
        events.write_text(text)
        answer = run(path, "--preset", "fir", "--events", events)
        assert answer.exit_code == 2
        assert part in answer.stderr


def test_too_many_and_no_files_are_said(pair):
    assert "takes one or two" in run(pair, pair, pair).stderr
    assert "no file given" in run().stderr
    assert "known are" in run(pair, "--preset", "nobody").stderr


@pytest.mark.parametrize("preset", ["coherence", "dtw", "events"])
def test_a_second_run_leaves_the_same_bytes_and_other_settings_are_refused(pair, tmp_path, preset):
    def files(*words):
        answer = run(pair, "--preset", preset, "--out", tmp_path / "o", "--surrogates", 9, *words)
        return answer, {p.name: p.read_bytes() for p in sorted((tmp_path / "o").iterdir())}

    first, before = files()
    assert first.exit_code == 0, first.stderr
    again, after = files("--overwrite")
    assert again.exit_code == 0
    assert after == before
    other, after = files("--seed", 3)
    assert other.exit_code == 2
    assert "--overwrite" in other.stderr
    assert after == before
