"""The study folder around a session: description, participants, protocol, what is there."""

from pathlib import Path
from typing import TYPE_CHECKING

from mimicry.errors import InputError, OutputExistsError, ProtocolError
from mimicry.files import make_folder, write_json, write_text
from mimicry.runner.convert import session_files
from mimicry.runner.plan import SessionPlan

if TYPE_CHECKING:
    from mimicry.protocol import Protocol

__all__ = ["latest_session", "prepare_study", "require_free", "study_of"]


def prepare_study(study: Path, protocol: "Protocol | None") -> None:
    """Make the study folder, with its description and the protocol's text.

    The protocol is written out in full (what it extends is laid into it), so that the study
    does not depend on other files.

    Raises
    ------
    ProtocolError
        When the study was made with another protocol.
    """
    make_folder(study)
    description = study / "dataset_description.json"
    if not description.exists():
        write_json(
            description,
            {
                "Name": study.resolve().name,
                "BIDSVersion": "1.10.0",
                "DatasetType": "raw",
                "GeneratedBy": [{"Name": "mimicry"}],
            },
        )
    if protocol is None:
        return
    import yaml

    from mimicry.protocol import load_protocol

    copy = study / "protocol.yaml"
    if not copy.exists():
        _copy_manifest(study, protocol)
        content = protocol.file.model_dump(mode="json", exclude={"extends"})
        write_text(copy, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    # also a fresh copy: what cannot be read again is found before anyone is filmed
    found = load_protocol(copy)
    if found.digest != protocol.digest:
        raise ProtocolError(
            f"the study holds the protocol {found.name} with other values than {protocol.name}",
            path=copy,
            key="--study",
            hint="Run each protocol in a study folder of its own.",
        )


def _copy_manifest(study: Path, protocol: "Protocol") -> None:
    """Copy a stimulus manifest of one's own: it holds the movements that scoring needs."""
    named = protocol.file.stimuli.manifest
    if named is None:
        return
    target = (study / named).resolve()
    if not target.is_relative_to(study.resolve()):
        raise InputError(
            f"the manifest {named!r} does not lie beside or below the protocol",
            path=protocol.path,
            key="stimuli.manifest",
            hint="Move it there, so that the study can hold a copy.",
        )
    make_folder(target.parent)
    write_text(target, (protocol.path.parent / named).read_text(encoding="utf-8"))


def require_free(study: Path, plan: SessionPlan) -> None:
    """Check, before anyone is filmed, that the session's files have their place.

    Raises
    ------
    OutputExistsError
        When the participant has a recording of this task already.
    """
    taken = session_files(study, plan)["recording"]
    if taken.exists():
        raise OutputExistsError(
            "this participant has a recording of this task already",
            path=taken,
            hint="Give the session a label of its own with --session.",
        )


def latest_session(study: Path, participant: str) -> Path:
    """Return a participant's newest unfinished session folder.

    Raises
    ------
    InputError
        When there is none.
    """
    plans = sorted(study.glob(f"sourcedata/sub-{participant}/**/run-*/plan.json"))
    unfinished = [p.parent for p in plans if not (p.parent / "done.json").exists()]
    if not unfinished:
        raise InputError(
            f"found no unfinished session of participant {participant!r}",
            path=study,
            key="--participant",
        )
    return unfinished[-1]


def study_of(folder: Path) -> Path:
    """Return the study that a session folder belongs to.

    Raises
    ------
    InputError
        When the folder lies in no study's ``sourcedata``.
    """
    for parent in folder.resolve().parents:
        if parent.name == "sourcedata":
            return parent.parent
    raise InputError(
        "this folder lies in no study",
        path=folder,
        hint="Expected STUDY/sourcedata/sub-.../run-...",
    )
