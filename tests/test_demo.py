"""The main job on the sample study: what was put into the face comes out in the scores."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mimicry.files import asset_folder

PREFIX = "sub-01_task-sample"


def _mimicry(*args: str) -> subprocess.CompletedProcess[str]:
    code = "from mimicry.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder that `mimicry demo` makes, and what it printed with --json."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = _mimicry("demo", "--out", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.fixture(scope="module")
def scores(demo: tuple[Path, dict[str, Any]]) -> pd.DataFrame:
    return pd.read_csv(demo[0] / f"{PREFIX}_scores.tsv", sep="\t", na_values="n/a")


@pytest.fixture(scope="module")
def summary(demo: tuple[Path, dict[str, Any]]) -> pd.DataFrame:
    table = pd.read_csv(demo[0] / f"{PREFIX}_summary.tsv", sep="\t", na_values="n/a")
    return table.set_index("condition")


@pytest.fixture(scope="module")
def injected() -> pd.DataFrame:
    path = asset_folder("sample_data") / "sub-01" / "beh" / f"{PREFIX}_video_truth.json"
    trials = json.loads(path.read_text(encoding="utf-8"))["trials"]
    return pd.DataFrame(trials).set_index("trial_id")


def test_the_demo_writes_the_promised_files(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, envelope = demo
    endings = ["scores.tsv", "scores.json", "summary.tsv", "trace.parquet", "qc.json",
               "report.html", "landmarks.parquet", "au.parquet", "au.json"]  # fmt: skip
    assert {p.name for p in folder.iterdir() if p.suffix != ".log"} == {
        f"{PREFIX}_{e}" for e in endings
    }
    assert envelope["status"] == "done"
    assert envelope["recordings"][0]["frames"] == envelope["recordings"][0]["frames_with_face"]
    assert all(Path(p).is_file() for p in envelope["outputs"])


def test_every_trial_is_scored(scores: pd.DataFrame) -> None:
    assert len(scores) == 36
    assert scores["valid"].mean() >= 0.9


def test_each_emotion_moves_its_own_action_unit(scores: pd.DataFrame) -> None:
    mean = scores[scores["valid"] == 1].groupby("condition").mean(numeric_only=True)
    assert mean.loc["happy", "delta_AU12_main"] > mean.loc["angry", "delta_AU12_main"]
    assert mean.loc["angry", "delta_AU04_main"] > mean.loc["happy", "delta_AU04_main"]


def test_the_contrasts_are_positive(summary: pd.DataFrame) -> None:
    assert summary.loc["happy", "contrast"] > 0
    assert summary.loc["angry", "contrast"] > 0
    assert summary.loc["happy", "r_peak_p"] < 0.05
    assert summary.loc["angry", "p"] < 0.05


def test_injected_smiles_are_recovered_trial_by_trial(
    scores: pd.DataFrame, injected: pd.DataFrame
) -> None:
    own = scores[(scores["condition"] == "happy") & (scores["valid"] == 1)]
    gain = injected.loc[own["trial_id"], "gain"].to_numpy()
    delta = own["delta_AU12_late"].to_numpy()
    assert np.corrcoef(gain, delta)[0, 1] > 0.95
    assert 0.85 < delta.mean() / gain.mean() < 1.15
    assert np.abs(delta - gain).max() < 0.1


def test_injected_frowns_are_found_at_reduced_size(
    scores: pd.DataFrame, injected: pd.DataFrame
) -> None:
    # brows are tier B: the direction is right, the size of one face's frown is not exact
    own = scores[(scores["condition"] == "angry") & (scores["valid"] == 1)]
    gain = injected.loc[own["trial_id"], "gain"].to_numpy()
    assert 0.3 < own["delta_AU04_late"].mean() / gain.mean() < 1.4


def test_the_injected_latency_lies_in_the_interval(
    summary: pd.DataFrame, injected: pd.DataFrame
) -> None:
    own = injected[injected["condition"] == "happy"]
    truth = float(np.average(own["latency_s"], weights=own["gain"]))
    row = summary.loc["happy"]
    assert abs(row["latency_shift_s"] - truth) < 0.05
    assert row["latency_ci_low_s"] < truth < row["latency_ci_high_s"]


def test_every_missing_number_of_a_valid_trial_has_a_reason(scores: pd.DataFrame) -> None:
    reasons = scores["nan_reasons"].fillna("")
    for column in scores.columns[scores.columns.str.match("delta|r_|mimicry|event|lag")]:
        for k in np.flatnonzero(scores[column].isna()):
            assert f"{column}=" in reasons[k] or "*=" in reasons[k], (k, column)


def test_every_column_is_described(demo: tuple[Path, dict[str, Any]], scores: pd.DataFrame) -> None:
    sidecar = json.loads((demo[0] / f"{PREFIX}_scores.json").read_text(encoding="utf-8"))
    described = sidecar["columns"]["scores"]
    assert list(described) == sorted(scores.columns)
    generic = [n for n, d in described.items() if d["Description"].startswith("design column")]
    assert generic == ["identity"]
    generic = [
        n
        for n, d in sidecar["columns"]["summary"].items()
        if d["Description"].startswith("design column")
    ]
    assert generic == []


def test_no_output_but_the_log_names_the_machine(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = demo
    for path in folder.iterdir():
        if path.suffix != ".log":
            assert str(folder).encode() not in path.read_bytes(), path.name


def test_a_second_run_finds_its_work_done(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = demo
    before = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    done = _mimicry("demo", "--out", str(folder))
    assert done.returncode == 0
    assert "were there already" in done.stdout
    assert "happy, watch: mimicry. AU12 moved more than in the reference trials" in done.stdout
    assert done.stdout.index("happy, watch: mimicry") < done.stdout.index("contrast_target")
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == before


def test_a_page_opens_with_the_claims(demo: tuple[Path, dict[str, Any]]) -> None:
    page = (demo[0] / f"{PREFIX}_report.html").read_text(encoding="utf-8")
    assert '<h3>happy, watch</h3><div class="claim">mimicry</div>' in page
    assert page.count("<svg") == 2 + 2 + 1 + 36  # quality, action units, lag profile, trials
