"""What the scores of the sample study say against what was put into the rendered face.

mimicry demo && python -m benchmarks.sample mimicry-demo
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from mimicry.files import asset_folder

PREFIX = "sub-01_task-sample"


def main(folder: Path) -> None:
    """Print one line an emotion."""
    scores = pd.read_csv(folder / f"{PREFIX}_scores.tsv", sep="\t", na_values="n/a")
    summary = pd.read_csv(folder / f"{PREFIX}_summary.tsv", sep="\t", na_values="n/a")
    truth = asset_folder("sample_data") / "sub-01" / "beh" / f"{PREFIX}_video_truth.json"
    injected = pd.DataFrame(json.loads(truth.read_text(encoding="utf-8"))["trials"])
    injected = injected.set_index("trial_id")
    for emotion, unit in (("happy", "AU12"), ("angry", "AU04")):
        own = scores[(scores["condition"] == emotion) & (scores["valid"] == 1)]
        gain = injected.loc[own["trial_id"], "gain"].to_numpy()
        delta = own[f"delta_{unit}_late"].to_numpy()
        row = summary.set_index("condition").loc[emotion]
        shown = injected[injected["condition"] == emotion]
        latency = np.average(shown["latency_s"], weights=shown["gain"])
        print(
            f"{emotion} ({unit}), {len(own)} trials: r {np.corrcoef(gain, delta)[0, 1]:.2f}, "
            f"recovered/injected {delta.mean() / gain.mean():.2f}, "
            f"rms error {np.sqrt(((delta - gain) ** 2).mean()):.3f}, "
            f"contrast {row['contrast']:.2f} (p {row['p']:.3f}), latency shift "
            f"{_latency(row)}, injected {latency:.3f} s"
        )


def _latency(row: pd.Series) -> str:
    if np.isnan(row["latency_shift_s"]):
        return "refused"
    low, high = row["latency_ci_low_s"], row["latency_ci_high_s"]
    return f"{row['latency_shift_s']:.3f} [{low:.3f}, {high:.3f}] s"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "mimicry-demo"))
