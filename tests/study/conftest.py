"""A small scored study with known differences between people."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mimicry.files import write_tsv
from mimicry.protocol import load_protocol
from mimicry.study import Study, open_study

PROTOCOL = "dynamic-happy-angry"


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
