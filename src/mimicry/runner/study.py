"""The study folder around a session: description, participants, protocol, what is there."""

from pathlib import Path
from typing import TYPE_CHECKING

from mimicry.errors import InputError, ProtocolError, StimulusError
from mimicry.files import about_nobody, make_folder, write_json, write_text
from mimicry.protocol.stimuli import check_shown, stimulus_ids
from mimicry.runner.clips import rendered_entries
from mimicry.runner.stored import DONE, PLAN
from mimicry.study.layout import DESCRIPTION, PROTOCOL, SOURCEDATA, person_folder, stimuli_copy

if TYPE_CHECKING:
    from mimicry.protocol import Protocol
    from mimicry.timeline.manifest import StimulusSet

__all__ = ["latest_session", "prepare_study", "shown_stimuli", "study_of"]


@about_nobody()
def prepare_study(
    study: Path, protocol: "Protocol | None", *, stimuli: str | Path | None = None
) -> None:
    """Make the study folder, with its description and the protocol's text: about nobody yet.

    The protocol is written out in full (what it extends is laid into it), and a stimulus
    manifest that is not the shipped one is copied, so that the study does not depend on other
    files. `stimuli` is a manifest that goes before the protocol's.

    Raises
    ------
    ProtocolError
        When the study was made with another protocol.
    StimulusError
        When the study was made with another stimulus manifest.
    """
    make_folder(study, shared=True)
    description = study / DESCRIPTION
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
    from mimicry.protocol import load_protocol
    from mimicry.protocol.show import written_out

    copy = study / PROTOCOL
    manifest = stimuli_copy(study)
    shown = shown_stimuli(protocol, study, stimuli)
    if shown.source != "shipped" and not manifest.exists():
        write_text(manifest, shown.path.read_bytes().decode("utf-8"))
    elif not manifest.exists():
        _copy_with_rendered(protocol, shown, manifest)
    if not copy.exists():
        write_text(
            copy, written_out(protocol, manifest=manifest.name if manifest.exists() else None)
        )
    # also a fresh copy: what cannot be read again is found before anyone is filmed
    copied = load_protocol(copy)
    if copied.digest != protocol.digest:
        raise ProtocolError(
            f"the study holds the protocol {copied.name} with other values than {protocol.name}",
            path=copy,
            key="`study`",
            hint="Run each protocol in a study folder of its own.",
        )


def _copy_with_rendered(protocol: "Protocol", shown: "StimulusSet", copy: Path) -> None:
    """Copy the shipped manifest where clips come in that it does not list (half intensity)."""
    from mimicry.synthetic.stimuli import read_entries, write_manifest

    extra = rendered_entries(n for n in stimulus_ids(protocol) if n not in shown)
    if extra:
        note, entries = read_entries(shown.path)
        write_manifest(copy, [*entries, *extra], note=note)


def shown_stimuli(
    protocol: "Protocol", study: Path, stimuli: str | Path | None = None
) -> "StimulusSet":
    """Return the stimuli that a session shows: those that it will be scored with.

    The study's own copy holds the movements but not the clips, so the same manifest is looked
    for where the clips are: the one named, or the protocol's.

    Raises
    ------
    StimulusError
        When the study's own copy is of another manifest.
    """
    copy = stimuli_copy(study)
    named = protocol.timelines(stimuli)
    check_shown(protocol, named)
    if not copy.is_file():
        return named
    kept = protocol.timelines(None, copy)
    if named.sha256 == kept.sha256:
        return named
    if named.source == "shipped":
        return kept
    raise StimulusError(
        f"the study was made with another stimulus manifest than {named}",
        path=copy,
        key="`stimuli`",
        hint="Run each set of stimuli in a study folder of its own.",
    )


def latest_session(study: Path, participant: str) -> Path:
    """Return a participant's newest unfinished session folder.

    Raises
    ------
    InputError
        When there is none.
    """
    below = person_folder(study / SOURCEDATA, participant, None)
    plans = sorted(below.glob(f"**/run-*/{PLAN}"))
    unfinished = [p.parent for p in plans if not (p.parent / DONE).exists()]
    if not unfinished:
        raise InputError(
            f"found no unfinished session of participant {participant!r}",
            path=study,
            key="`participant`",
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
        if parent.name == SOURCEDATA:
            return parent.parent
    raise InputError(
        "this folder lies in no study",
        path=folder,
        hint="Expected STUDY/sourcedata/sub-.../run-...",
    )
