"""Scoring another tool's table: how sure it was, and what the quality file says of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mimicry.errors import InputError, QualityWarning, TableError
from mimicry.files import asset_folder
from mimicry.pipeline import score_recording
from mimicry.records import ExtractionOptions, ReadingOptions, ScoringInputs

SAMPLE = asset_folder("sample_data")
EVENTS = SAMPLE / "sub-01" / "beh" / "sub-01_task-sample_events.tsv"


def table(path: Path, seed: int) -> Path:
    """Write a calm face whose values are nonsense, another for each seed, in a fifth of frames."""
    rng = np.random.default_rng(0)
    n = 3600
    values = {f"AU{k:02d}_r": 1 + 0.1 * rng.normal(size=n) for k in (4, 12)}
    unsure = np.arange(n) % 25 < 5
    for name in values:
        values[name][unsure] = np.random.default_rng(seed).uniform(0, 5, unsure.sum())
    head = {"frame": np.arange(1, n + 1), "timestamp": np.arange(n) / 25, "success": 1}
    sure = {"confidence": np.where(unsure, 0.75, 0.98)}
    pd.DataFrame({**head, **sure, **values}).to_csv(path, index=False)
    return path


def scored(path: Path, out: Path, **reading: float) -> tuple[str, dict[str, object]]:
    found = score_recording(
        path, ScoringInputs(EVENTS, SAMPLE / "protocol.yaml"), out,
        options=ExtractionOptions(reading=ReadingOptions(**reading)),
    )  # fmt: skip
    text = found.files["scores"].read_text(encoding="utf-8")
    return text, json.loads(found.files["qc"].read_text(encoding="utf-8"))


def test_unsure_frames_reach_no_score_and_are_counted(tmp_path: Path) -> None:
    texts = []
    for seed in (1, 2):
        with pytest.warns(QualityWarning, match=r"720 of 3600 .*20%.* confidence below 0\.8"):
            text, qc = scored(table(tmp_path / "x.csv", seed), tmp_path / str(seed))
        texts.append(text)
        assert qc["confidence"] == {"column": "confidence", "limit": 0.8, "frames_below": 720}
        assert (qc["frames"], qc["frames_with_face"], qc["usable_frames"]) == (3600, 3600, 2880)
        assert qc["times"] == {"from": "timestamp"}
        assert [w for w in qc["warnings"] if "confidence" in w]
    assert texts[0] == texts[1]
    text, qc = scored(table(tmp_path / "x.csv", 1), tmp_path / "all", min_confidence=0.5)
    assert qc["usable_frames"] == 3600
    assert text != texts[0]


def test_another_tools_log_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(
        "Video analysis detailed log\rFrame rate:\t30\rVideo Time\tNeutral\r00:00.1\t1\r"
    )
    with pytest.raises(TableError, match="this is a FaceReader detailed log"):
        scored(path, tmp_path / "out")


@pytest.mark.parametrize(
    "choice", [{"format": "openface"}, {"exclude_from_pose_fit": ((0.0, 1.0),)}]
)
def test_scoring_keeps_its_own_table_and_pose_fit(tmp_path: Path, choice: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="Leave both out"):
        score_recording(
            table(tmp_path / "x.csv", 1),
            ScoringInputs(EVENTS, SAMPLE / "protocol.yaml"),
            tmp_path / "out",
            options=ExtractionOptions(**choice),
        )
    assert not (tmp_path / "out").exists()
