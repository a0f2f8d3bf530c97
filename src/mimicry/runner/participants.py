"""The list of participants of a study."""

import warnings
from pathlib import Path

from mimicry.errors import QualityWarning, TableError
from mimicry.files import read_text, write_json, write_text
from mimicry.runner.plan import SessionPlan
from mimicry.study.layout import PARTICIPANTS
from mimicry.study.participants import read_people

__all__ = ["enter_participant"]


def enter_participant(study: Path, plan: SessionPlan) -> None:
    """Add the participant to participants.tsv, once; what stands there stays as it is.

    A list that cannot be read is left alone, with a warning: a session is never lost for it.
    """
    path = study / PARTICIPANTS
    try:
        people = read_people(study)
        if people is None:
            write_text(path, f"participant_id\nsub-{plan.participant}\n")
        elif plan.participant not in people.labels:
            _append(path, plan.participant)
    except TableError as error:
        text = f"participant {plan.participant} was not entered in the list: {error}"
        warnings.warn(QualityWarning(text), stacklevel=2)
    sidecar = path.with_suffix(".json")
    if not sidecar.exists():
        write_json(sidecar, {"participant_id": {"Description": "label of the participant"}})


def _append(path: Path, label: str) -> None:
    text = read_text(path, kind=TableError)
    end = "\r\n" if "\r\n" in text else "\n"
    names = text.replace("\r", "\n").split("\n", 1)[0].split("\t")
    cells = [f"sub-{label}" if n.strip() == "participant_id" else "n/a" for n in names]
    row = "\t".join(cells)
    before = text.rstrip("\r\n")  # an empty last cell ends with its tab
    write_text(path, f"{before}{end}{row}{end}")
