"""Writing a simulated study: the folder that a lab would have, and the truth beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mimicry import files
from mimicry.errors import InputError, OutputExistsError
from mimicry.kernels.chance import generator
from mimicry.protocol import Protocol
from mimicry.records import StimulusTimeline, Timelines
from mimicry.simulation.effects import Effect, Group
from mimicry.simulation.population import SimulatedCamera, movements
from mimicry.simulation.recordings import (
    Recording,
    check_changes,
    check_known,
    noise_level,
    people_of,
    simulate_recordings,
)
from mimicry.study.layout import (
    DESCRIPTION,
    EVENTS,
    EVENTS_SIDECAR,
    PERSON,
    PROTOCOL,
    RECORDED,
    RESULTS,
    SIMULATED,
    SIMULATED_PEOPLE,
    SIMULATION,
    STIMULI,
    TRUTH,
    VIDEO,
    person_folder,
    session_prefix,
)
from mimicry.study.participants import write_people

if TYPE_CHECKING:
    import pandas as pd

    from mimicry.timeline.manifest import StimulusSet

__all__ = ["Scenario", "SimulatedStudy", "simulate_study"]

NOTE = (
    "Simulated participants: no person was recorded. What they do is known and stands in "
    "derivatives/simulation; accuracy measured on them is an upper bound."
)
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class SimulatedStudy:
    """What was written: the study's folder, its settings file, and one prefix a recording."""

    folder: Path
    settings: Path
    recordings: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who is simulated, what they do and see, and how well the camera sees them.

    Parameters
    ----------
    groups
        Who they are; none: the groups that the protocol predicts.
    effect
        What an average person does; None: the protocol's prediction.
    nuisance
        Name of a level of noise (:data:`~mimicry.simulation.nuisance.NUISANCE`).
    stimuli
        Stimulus manifest; None: the protocol's, or the shipped one.
    """

    groups: Sequence[Group] = ()
    effect: Effect | None = None
    nuisance: str = "webcam"
    stimuli: str | Path | None = None


def simulate_study(
    protocol: Protocol,
    out: str | Path,
    scenario: Scenario | None = None,
    *,
    participants: int,
    seed: int = 0,
    video: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> SimulatedStudy:
    """Simulate a whole study of a protocol and write it as a BIDS-like folder.

    Parameters
    ----------
    protocol
        What is shown, in which order, and (unless the scenario says otherwise) what people do.
    out
        Folder of the study; new or empty, or one that this function wrote.
    scenario
        Who takes part; None: all as the protocol predicts.
    participants
        People in each group.
    seed
        Same seed and settings, same bytes.
    video
        Render a video of every session as well (slow: a core draws about as many frames in a
        second as a camera takes); noise and blinks are then drawn in the picture.
    overwrite
        Replace a study made with other settings.
    progress
        Called with (recordings done, recordings in all).

    Returns
    -------
    SimulatedStudy
        Scoring needs no video: the action-unit tables lie in ``derivatives/mimicry``.

    Raises
    ------
    InputError, OutputExistsError
        When a number is out of range, a group's change concerns no trial, or the folder holds
        something else.
    """
    out, scenario = Path(out), scenario or Scenario()
    effect, groups = _who(protocol, scenario, participants)
    camera = SimulatedCamera(noise_level(scenario.nuisance))
    known = protocol.timelines(scenario.stimuli)
    check_known(protocol, known)
    settings = _settings(
        protocol,
        known,
        {
            "participants_per_group": participants,
            "groups": [group.to_json() for group in groups],
            "effect": effect.to_json(),
            "noise": {"name": scenario.nuisance, **camera.nuisance.to_json()},
            "seed": seed,
            "video": video,
        },
    )
    marker = _claim_folder(out, settings, overwrite=overwrite)
    _write_head(out, protocol, settings)
    prefixes: list[str] = []
    rows: list[dict[str, Any]] = []
    used: dict[str, StimulusTimeline] = {}
    for k in range(participants * len(groups)):
        label, group = f"{k + 1:02d}", groups[k // participants]
        recordings = simulate_recordings(
            protocol, label, group, effect, seed=seed, known=known, camera=camera
        )
        for recording in recordings:
            used.update(recording.timelines)
            prefixes.append(_write_recording(out, recording, settings, seed, video=video))
        rows.append(_person_row(label, recordings[0]))
        if progress is not None:
            progress(k + 1, participants * len(groups))
    _write_people(out, rows, groups)
    _write_manifest(out, used, known)
    return SimulatedStudy(out, marker, tuple(prefixes))


def _who(protocol: Protocol, scenario: Scenario, participants: int) -> tuple[Effect, list[Group]]:
    """Return what people do and who they are; refuse what makes no study."""
    if participants < 1:
        raise InputError(
            f"found {participants} participants, expected 1 or more", key="`participants`"
        )
    visit = next(iter(protocol.file.design.visits), None)
    check_changes(scenario.groups, protocol.build_session("1", visit=visit).trial_table())
    effect, groups = people_of(protocol, scenario.groups, scenario.effect)
    names = [group.name for group in groups]
    if len(set(names)) < len(names):
        raise InputError(f"two groups share a name: {', '.join(names)}", key="`groups`")
    return effect, groups


def _settings(
    protocol: Protocol, known: "StimulusSet", choices: Mapping[str, Any]
) -> dict[str, Any]:
    from mimicry import __version__

    content: dict[str, Any] = {
        "note": NOTE,
        "protocol": protocol.name,
        "protocol_digest": protocol.digest,
        "stimuli": known.to_json(),
        **choices,
        "version": __version__,
    }
    return content | {"digest": files.digest(content)}


def _claim_folder(out: Path, settings: Mapping[str, Any], *, overwrite: bool) -> Path:
    """Write down first what the folder will hold, so that an interrupted run can go on."""
    marker = out / SIMULATED / SIMULATION
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not marker.exists()):
        raise OutputExistsError(
            "the folder holds something that is no simulated study",
            path=out,
            hint="Choose a new folder for `out`.",
        )
    files.Results(marker.parent, marker.name, settings["digest"], overwrite).kept()
    return files.write_json(marker, settings)


def _write_head(out: Path, protocol: Protocol, settings: Mapping[str, Any]) -> None:
    import yaml

    files.write_json(
        out / DESCRIPTION,
        {
            "Name": f"Simulated study: {protocol.file.title}",
            "BIDSVersion": "1.10.0",
            "DatasetType": "raw",
            "License": "CC0",
            "GeneratedBy": [{"Name": "mimicry", "Version": settings["version"]}],
            "HowToAcknowledge": NOTE,
        },
    )
    content = protocol.file.model_dump(mode="json", exclude={"extends"})
    content["stimuli"]["manifest"] = STIMULI
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    files.write_text(out / PROTOCOL, text)


def _label(name: str) -> str:
    """Return a BIDS label: letters and digits only."""
    return "".join(c for c in name if c.isalnum())


def _write_recording(
    out: Path, recording: Recording, settings: Mapping[str, Any], seed: int, *, video: bool
) -> str:
    from mimicry.interchange.au_table import write_au_table

    plan = recording.plan
    visit = _label(plan.visit) if plan.visit else None
    prefix = session_prefix(plan.participant, visit, _label(plan.protocol))
    place = person_folder(Path(), plan.participant, visit)
    beh = files.make_folder(out / place / RECORDED)
    files.write_tsv(beh / f"{prefix}{EVENTS}", _events(recording))
    files.write_json(beh / f"{prefix}{EVENTS_SIDECAR}", _events_sidecar(recording))
    truth = files.make_folder(out / SIMULATED / place)
    files.write_tsv(truth / f"{prefix}{TRUTH}", recording.simulated.truth.to_frame())
    if video:
        _render(beh / f"{prefix}{VIDEO}.mp4", recording, seed)
    else:
        tables = files.make_folder(out / RESULTS / place)
        note = {"simulation": settings["digest"]}
        write_au_table(tables, prefix, recording.simulated.track, note=note)
    return prefix


def _events(recording: Recording) -> "pd.DataFrame":
    import pandas as pd

    trials = recording.trials
    columns: dict[str, Any] = {
        "onset": np.round(trials.onset_s, 6),
        "duration": np.round(trials.duration_s, 6),
        "trial_type": trials.condition,
        "stimulus": trials.stimulus_id,
        "trial_id": trials.trial_id,
    }
    return pd.DataFrame(columns | {k: v for k, v in trials.columns.items() if k not in columns})


def _events_sidecar(recording: Recording) -> dict[str, Any]:
    always = {
        "onset": {"Description": "start of the clip, on the recording's clock", "Units": "s"},
        "duration": {"Description": "how long the clip was shown", "Units": "s"},
        "trial_type": {"Description": "condition"},
        "stimulus": {"Description": "id in stimuli.json"},
        "trial_id": {"Description": "label of the trial"},
    }
    return always | {
        name: {"Description": f"design column {name} of the protocol"}
        for name in recording.trials.columns
    }


def _person_row(label: str, recording: Recording) -> dict[str, Any]:
    person = recording.person
    row: dict[str, Any] = {
        "participant_id": f"{PERSON}{label}",
        "group": person.group.name,
        "responder": int(person.responder),
        "latency_s": person.latency_s,
    }
    row |= {f"gain_{name}": person.gain(name) for name in sorted(person.deviation)}
    return row | {f"trait_{name}": value for name, value in person.traits.items()}


def _write_people(out: Path, rows: Sequence[Mapping[str, Any]], groups: Sequence[Group]) -> None:
    import pandas as pd

    table = pd.DataFrame(rows)
    shown = [c for c in table.columns if c in ("participant_id", "group")]
    traits = [c for c in table.columns if c.startswith("trait_")]
    public = table[shown + traits].rename(columns={c: c.removeprefix("trait_") for c in traits})
    descriptions: dict[str, dict[str, Any]] = {
        "participant_id": {"Description": "Label of the simulated person"},
        "group": {"Description": "Group", "Levels": {g.name: g.name for g in groups}},
    }
    write_people(out, public, descriptions)
    files.write_tsv(out / SIMULATED / SIMULATED_PEOPLE, table)


def _write_manifest(out: Path, used: Timelines, known: "StimulusSet") -> None:
    """Write the envelopes of every stimulus shown, so that the study can be scored by itself."""
    entries = [
        {
            "id": name,
            "file": None,
            "sha256": None,
            "license": "CC0-1.0",
            "emotion": t.emotion,
            "identity": t.identity,
            "kind": "static" if t.apex_s <= t.onset_s else "dynamic",
            "envelope": "measured or declared in a manifest" if name in known else "planned timing",
            "duration_s": float(t.times_s[-1]),
            "onset_s": t.onset_s,
            "apex_s": t.apex_s,
            "offset_s": t.offset_s,
            "times_s": np.round(t.times_s, 6),
            "intensity": {n: np.round(t.intensity[:, k], 6) for k, n in enumerate(t.names)},
        }
        for name, t in sorted(used.items())
    ]
    note = "Envelopes of the stimuli of a simulated study; not validated on humans."
    content = {"version": 1, "license": "CC0-1.0", "note": note, "stimuli": entries}
    files.write_json(out / STIMULI, content)


def _render(path: Path, recording: Recording, seed: int) -> None:
    """Draw the session: the same responses on a rendered face, with its own blinks and sway."""
    from mimicry.synthetic import identities, natural, performance, render_video

    if path.exists():
        return
    simulated, plan = recording.simulated, recording.plan
    times = np.arange(int(plan.duration_s * 30.0)) / 30.0
    moved = movements(simulated.truth, recording.timelines, recording.person, times)
    rng = generator(seed, plan.participant, plan.visit or "", "video")
    units = {name: moved[:, k] for k, name in enumerate(simulated.truth.names) if moved[:, k].any()}
    pose, shift = natural.sway(times, rng)
    units["AU45"], gaze = natural.blinks(times, rng), natural.gaze(times, rng)
    moves = performance(times, units, pose_deg=pose, shift_mm=shift, gaze_deg=gaze)
    (face,) = identities(int(rng.integers(2**31)), 1)
    render_video(path, face, moves, seed=int(rng.integers(2**31)), notes={"note": NOTE})
