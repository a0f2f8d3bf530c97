"""The list of participants of a study."""

from pathlib import Path

from mimicry.files import read_text, write_json, write_text
from mimicry.runner.plan import SessionPlan

__all__ = ["enter_participant"]


def enter_participant(study: Path, plan: SessionPlan) -> None:
    """Add the participant to participants.tsv, once; other columns stay as they are."""
    path = study / "participants.tsv"
    label = f"sub-{plan.participant}"
    lines = (read_text(path).splitlines() if path.exists() else []) or ["participant_id"]
    if label not in {line.split("\t")[0] for line in lines}:
        width = len(lines[0].split("\t"))
        lines.append("\t".join([label, *["n/a"] * (width - 1)]))
        write_text(path, "\n".join(lines) + "\n")
    sidecar = study / "participants.json"
    if not sidecar.exists():
        write_json(sidecar, {"participant_id": {"Description": "label of the participant"}})
