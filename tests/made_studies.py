"""A small scored study with known differences between people."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mimicry.files import asset_folder, write_tsv
from mimicry.protocol import load_protocol
from mimicry.study import Study, open_study

PROTOCOL, SAMPLE = "dynamic-happy-angry", "sub-01_task-sample"
CONTROL, LOW = [1.0, 1.2, 0.8, 1.1], [0.5, 0.7, 0.4, np.nan]


@pytest.fixture
def make_study(tmp_path):
    """Write a study whose people differ by `sd_person` in AU12 to happy faces."""

    def make(*, people=24, repeats=3, sd_person=0.3, sd_trial=0.3, sessions=("",), seed=1) -> Study:
        protocol = load_protocol(PROTOCOL)
        rng = np.random.default_rng(seed)
        faces = protocol.file.stimuli.identities
        rows = []
        for person in range(people):
            gain = rng.normal(0.4, sd_person)
            for session in sessions:
                for condition in ("happy", "angry", "neutral"):
                    for clip in range(len(faces) * repeats):
                        smile = gain * (condition == "happy") + rng.normal(0, sd_trial)
                        brow = rng.normal(0, sd_trial)
                        row = {
                            "participant": f"{person:02d}",
                            "session": session or None,
                            "block": "watch",
                            "trial_id": str(len(rows)),
                            "condition": condition,
                            "stimulus": f"{condition}-{faces[clip % len(faces)]}-dynamic",
                            "valid": 1,
                            "reason": None,
                        }
                        for unit in ("delta", "delta_z", "delta_cal"):
                            scale = {"delta": 1.0, "delta_z": 2.0, "delta_cal": np.nan}[unit]
                            row[f"{unit}_AU12_main"] = smile * scale
                            row[f"{unit}_AU04_main"] = brow * scale
                        rows.append(row)
        root = tmp_path / "study"
        folder = root / "derivatives" / "mimicry"
        folder.mkdir(parents=True, exist_ok=True)
        (root / "protocol.yaml").write_bytes(Path(protocol.path).read_bytes())
        write_tsv(folder / "scores.tsv", pd.DataFrame(rows))
        return open_study(root, PROTOCOL)

    return make


def _rows(label: str, value: float, latency: float, why: str | None) -> list[dict[str, object]]:
    codes = [] if why is None else [f"latency_shift_s={why}"]
    codes += [] if np.isfinite(value) else ["contrast_raw=too_few_trials"]
    happy = {
        "participant": label,
        "session": None,
        "phase": "watch",
        "condition": "happy",
        "comparison": "response against neutral faces",
        "contrast": 2 * value,
        "contrast_raw": value,
        "contrast_raw_late": value,
        "latency_shift_s": latency,
        "latency_half_s": latency + 0.375,
        "nan_reasons": ";".join(codes) or None,
    }
    neutral = {**happy, "condition": "neutral", "comparison": None, "nan_reasons": "*=no_au_map"}
    return [happy, neutral | {"contrast_raw": np.nan, "latency_shift_s": np.nan}]


@pytest.fixture
def grouped(make_study):
    """Four people of a control group, four of a group with half the response and one dropout."""
    root = make_study(people=1).root
    table = [
        *(row for k, v in enumerate(CONTROL) for row in _rows(f"0{k}", v, 0.6, None)),
        *(
            row
            for k, v in enumerate(LOW)
            for row in _rows(f"1{k}", v, *((0.7, None) if k == 0 else (np.nan, "low_snr")))
        ),
    ]
    table[-2]["nan_reasons"] = "latency_shift_s=too_few_trials;contrast_raw=too_few_trials"
    write_tsv(root / "derivatives" / "mimicry" / "summary.tsv", pd.DataFrame(table))
    people = [f"sub-{g}{k}" for g in (0, 1) for k in range(4)]
    arms = ["control"] * 4 + ["low"] * 4
    write_tsv(root / "participants.tsv", pd.DataFrame({"participant_id": people, "arm": arms}))
    return root


@pytest.fixture
def summary_rows():
    """Give the rows of one person's condition table."""
    return _rows


def first_seconds(source: Path, target: Path, end_s: float) -> Path:
    """Copy the packets of a video up to a time, without decoding."""
    import av

    with av.open(str(source)) as video, av.open(str(target), "w") as out:
        track = video.streams.video[0]
        copy = out.add_stream_from_template(track)
        for packet in video.demux(track):
            if packet.pts is not None and packet.pts * packet.time_base < end_s:
                packet.stream = copy
                out.mux(packet)
    return target


@pytest.fixture(scope="session")
def cut(tmp_path_factory):
    """Video and events of the first two trials of the sample study."""
    beh, folder = asset_folder("sample_data") / "sub-01" / "beh", tmp_path_factory.mktemp("cut")
    events = pd.read_csv(beh / f"{SAMPLE}_events.tsv", sep="\t", dtype=str)
    events[:2].to_csv(folder / "events.tsv", sep="\t", index=False)
    return first_seconds(beh / f"{SAMPLE}_video.mp4", folder / "video.mp4", 8.4)
