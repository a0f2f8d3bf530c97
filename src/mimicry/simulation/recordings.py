"""Simulated participants of a protocol: joins protocol files with the population simulator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mimicry.errors import InputError, StimulusError
from mimicry.kernels.chance import generator
from mimicry.protocol import Protocol, Session, Trial
from mimicry.records import StimulusTimeline, Timelines, TrialTable
from mimicry.simulation.effects import Change, Effect, Group
from mimicry.simulation.nuisance import NUISANCE, Nuisance
from mimicry.simulation.participants import (
    Participant,
    concerned,
    draw_clip_effects,
    draw_participant,
)
from mimicry.simulation.population import (
    WEBCAM,
    SimulatedCamera,
    SimulatedSession,
    simulate_session,
)
from mimicry.synthetic.motion import minimum_jerk

if TYPE_CHECKING:
    from mimicry.timeline.manifest import StimulusSet

__all__ = [
    "TRIAL_SD",
    "Recording",
    "check_changes",
    "check_known",
    "noise_level",
    "people_of",
    "planned_timelines",
    "predicted",
    "simulate_recordings",
    "with_predicted_changes",
]

#: SD of one person's single trials, in action-unit units, when a protocol predicts in SDs.
TRIAL_SD = 0.1


def predicted(protocol: Protocol, *, without_effect: bool = False) -> tuple[Effect, list[Group]]:
    """Return what a protocol's own ``prediction`` section says people do.

    Responses are in SDs of single trials there; here one SD is :data:`TRIAL_SD` units of every
    target. A protocol without groups has one, named ``all``.

    Parameters
    ----------
    protocol
        A checked protocol.
    without_effect
        Leave out the effects marked as predicted; when the primary test compares a score with
        0, the response of its condition instead. What remains is the null hypothesis.
    """
    prediction, primary = protocol.file.prediction, protocol.file.analysis.primary
    compares = primary.within or primary.between or primary.trait
    amplitude, spread = {}, {}
    for name, condition in protocol.file.conditions.items():
        response = prediction.response.get(name, 0.0)
        if without_effect and not compares and name == primary.condition:
            response = 0.0
        amplitude[name] = dict.fromkeys(condition.targets, response * TRIAL_SD)
        spread[name] = prediction.person_sd / abs(response) if response else 0.0
    effect = Effect(
        amplitude=amplitude,
        mirrored=0.0,
        person_sd=spread,
        trial_sd={"*": TRIAL_SD},
        trial_cv=0.0,
        source=f"prediction of the protocol {protocol.name}",
    )
    expected = [
        (e, {k: v for k, v in e.where.items() if k != "group"})
        for e in prediction.effects
        if not (without_effect and e.predicted)
    ]
    groups = [
        Group(
            name,
            changes=tuple(
                Change(where, e.gain, e.delay_s, e.trait)
                for e, where in expected
                if e.where.get("group", name) == name
            ),
            latency_s=prediction.latency_s,
            imitate=None,
            inhibit=None,
        )
        for name in protocol.file.design.groups or {"all": ""}
    ]
    return effect, groups


def people_of(
    protocol: Protocol,
    groups: Sequence[Group] = (),
    effect: Effect | None = None,
    *,
    without_effect: bool = False,
) -> tuple[Effect, list[Group]]:
    """Return what people do and who they are: as given, and else as the protocol predicts.

    Given groups do what the protocol predicts for everybody, too, unless an effect is given.
    """
    expected, own_groups = predicted(protocol, without_effect=without_effect)
    if effect is None:
        groups = [with_predicted_changes(protocol, group) for group in groups]
    return effect or expected, list(groups or own_groups)


def with_predicted_changes(protocol: Protocol, group: Group) -> Group:
    """Return `group` with what the protocol predicts for everybody in some of the trials.

    When that covers whole blocks, it also replaces the group's own rules for imitation and
    inhibition.
    """
    shared = [e for e in protocol.file.prediction.effects if "group" not in e.where]
    changes = tuple(Change(e.where, e.gain, e.delay_s, e.trait) for e in shared)
    if any("block" in e.where for e in shared):
        group = replace(group, imitate=None, inhibit=None)
    return replace(group, changes=changes + group.changes)


def planned_timelines(
    protocol: Protocol, trials: Iterable[Trial], known: Timelines
) -> dict[str, StimulusTimeline]:
    """Return the envelope of every stimulus that the trials show.

    Those in `known` (a stimulus manifest) are taken from there. For the others an envelope is
    made from the protocol: the targets of the condition move to 1.0 with the trial's own
    timing, and a condition without targets only blinks.
    """
    timelines: dict[str, StimulusTimeline] = {}
    for trial in trials:
        if trial.stimulus not in timelines:
            timeline = known.get(trial.stimulus)
            timelines[trial.stimulus] = timeline or _planned(protocol, trial)
    return timelines


def _planned(protocol: Protocol, trial: Trial) -> StimulusTimeline:
    lasts = {phase.name: phase.duration_s for phase in trial.phases}
    onset, rise = lasts.get("neutral", 0.0), lasts.get("rise", 0.0)
    fall, end = lasts.get("fall", 0.0), trial.clip_duration_s
    times = np.linspace(0.0, end, max(2, round(end * 100) + 1))
    course = minimum_jerk((times - onset) / rise) if rise > 0 else (times >= onset).astype(float)
    if fall > 0:
        course = course * (1 - minimum_jerk((times - end + fall) / fall))
    targets = protocol.file.conditions[trial.condition].targets
    blink = minimum_jerk((times - onset) / 0.1) - minimum_jerk((times - onset - 0.15) / 0.15)
    return StimulusTimeline(
        times_s=times,
        intensity=np.column_stack([course] * len(targets)) if targets else blink[:, None],
        names=tuple(targets) or ("AU45",),
        onset_s=onset,
        apex_s=onset + rise,
        offset_s=end - fall if fall > 0 else np.nan,
        stimulus_id=trial.stimulus,
        emotion=protocol.file.conditions[trial.condition].emotion,
    )


def check_known(protocol: Protocol, known: "StimulusSet") -> None:
    """Refuse a manifest that was named for this and lacks stimuli of the protocol.

    The shipped one may lack some (clips of other lengths): they follow the protocol's timing.

    Raises
    ------
    StimulusError
        With the first that is missing.
    """
    from mimicry.protocol.stimuli import stimulus_ids

    missing = [name for name in stimulus_ids(protocol) if name not in known]
    if missing and known.source != "shipped":
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise StimulusError(
            f"the protocol {protocol.name} shows {missing[0]!r}{more}, which this manifest lacks",
            path=known.path,
            key="`stimuli`",
        )


def noise_level(name: str) -> Nuisance:
    """Return one of :data:`~mimicry.simulation.nuisance.NUISANCE`.

    Raises
    ------
    InputError
        When there is none of that name; the names are listed.
    """
    if name not in NUISANCE:
        raise InputError(
            f"no noise level {name!r}; there are {', '.join(NUISANCE)}", key="`nuisance`"
        )
    return NUISANCE[name]


def check_changes(groups: Sequence[Group], trials: TrialTable) -> None:
    """Refuse a change that was asked for by hand and concerns no trial at all.

    Raises
    ------
    InputError
        With the columns that the session has.
    """
    for group in groups:
        useless = [c for c in group.changes if not concerned(c, trials).any()]
        if useless and len(useless) == len(group.changes):
            asked = " and ".join(f"{k}={v}" for k, v in useless[0].where.items())
            raise InputError(
                f"group {group.name!r}: no trial has {asked}; the columns of the session are "
                f"condition, stimulus, {', '.join(trials.columns)}",
                key="`groups`",
            )


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One simulated recording of one person.

    Parameters
    ----------
    person
        Who was recorded.
    plan
        The session as the protocol plans it.
    trials
        Its scored trials.
    timelines
        Stimulus id -> envelope.
    simulated
        Track and truth.
    """

    person: Participant
    plan: Session
    trials: TrialTable
    timelines: Timelines
    simulated: SimulatedSession


def simulate_recordings(
    protocol: Protocol,
    participant: str,
    group: Group,
    effect: Effect,
    *,
    seed: int,
    known: Timelines,
    camera: SimulatedCamera = WEBCAM,
) -> list[Recording]:
    """Return one person's recordings: one, or one for each visit.

    The order of trials, the person and the recording each have their own generator, made from
    `seed` and the names, so one participant does not depend on how many there are.

    Parameters
    ----------
    protocol
        A checked protocol.
    participant
        Label of the person (``"01"``).
    group, effect
        What the person is drawn from.
    seed
        Seed of the study.
    known
        Stimulus id -> envelope, from a manifest; missing ones follow the protocol's timing.
    camera
        How they were recorded.
    """
    person = draw_participant(
        participant, group, effect, protocol.file.conditions, generator(seed, participant, "person")
    )
    recordings = []
    for visit in protocol.file.design.visits or [""]:
        plan = protocol.build_session(participant, visit=visit or None)
        trials = plan.trial_table()
        timelines = planned_timelines(protocol, plan.trials, known)
        clips = draw_clip_effects(effect, timelines, generator(seed, "clips"))
        simulated = simulate_session(
            trials,
            timelines,
            person,
            rng=generator(seed, participant, visit, "recording"),
            camera=replace(camera, fps=camera.fps or protocol.file.capture.fps),
            duration_s=plan.duration_s,
            clip_effects=clips,
        )
        recordings.append(Recording(person, plan, trials, timelines, simulated))
    return recordings
