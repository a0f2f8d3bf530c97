"""Simulated people: what one participant of a group does, drawn once per study."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.records.frozen import as_mapping
from mimicry.records.timeline import TrialTable
from mimicry.simulation.effects import Change, Effect, Group

__all__ = [
    "EARLIEST_S",
    "Participant",
    "concerned",
    "draw_clip_effects",
    "draw_participant",
    "extra_movement",
    "habituated",
    "instruction",
    "trial_gains",
    "trial_latencies",
]

#: No response starts earlier than this after its stimulus.
EARLIEST_S = 0.1


@dataclass(frozen=True, slots=True)
class Participant:
    """One simulated person: the truth that scores should find again.

    Parameters
    ----------
    participant_id
        For instance ``"01"``.
    group, effect
        What this person was drawn from.
    deviation
        Condition -> how far this person's gain lies from the mean of the group.
    latency_s
        This person's mean latency (s).
    responder
        False: never responds to any stimulus (instructed imitation still works).
    traits
        Measure of the person -> z value.
    """

    participant_id: str
    group: Group
    effect: Effect
    deviation: Mapping[str, float]
    latency_s: float
    responder: bool
    traits: Mapping[str, float]

    def gain(self, condition: str) -> float:
        """Return the mean gain in trials of `condition`, before factors of other columns."""
        if not self.responder:
            return 0.0
        changes = [c for c in self.group.changes if dict(c.where) == {"condition": condition}]
        factor = np.prod([self._factor(c) for c in changes])
        return float(self.group.gain * factor + self.deviation.get(condition, 0.0))

    def changes(self, trials: TrialTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (K,) factors on the gain and (K,) delays (s) that the group's changes bring."""
        factors, delays = np.ones(len(trials)), np.zeros(len(trials))
        for change in self.group.changes:
            here = concerned(change, trials)
            factors[here] *= self._factor(change)
            delays[here] += change.delay_s * self._z(change)
        return factors, delays

    def _z(self, change: Change) -> float:
        return 1.0 if change.trait is None else self.traits.get(change.trait, 0.0)

    def _factor(self, change: Change) -> float:
        return 1 + (change.gain - 1) * self._z(change)


def draw_participant(
    participant_id: str,
    group: Group,
    effect: Effect,
    conditions: Iterable[str],
    rng: np.random.Generator,
) -> Participant:
    """Draw one person of `group`.

    Gains are normal around the group's, with the effect's spread and correlation between
    conditions; a negative one is a person who counter-mimics. Traits that changes name are
    standard normal. The order of `conditions` does not matter.
    """
    names = sorted(set(conditions))
    common, special = rng.standard_normal(), rng.standard_normal(len(names))
    z = np.sqrt(effect.person_r) * common + np.sqrt(1 - effect.person_r) * special
    deviation = {
        name: float((effect.gain_sd(name) if group.gain_sd is None else group.gain_sd) * value)
        for name, value in zip(names, z, strict=True)
    }
    latency = group.latency_s + group.latency_sd * rng.standard_normal()
    return Participant(
        participant_id=participant_id,
        group=group,
        effect=effect,
        deviation=as_mapping(deviation),
        latency_s=float(max(EARLIEST_S, latency)),
        responder=bool(rng.random() >= group.nonresponders),
        traits=as_mapping({name: float(rng.standard_normal()) for name in group.traits}),
    )


def draw_clip_effects(
    effect: Effect, stimuli: Iterable[str], rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """Return stimulus id -> action unit -> movement that this clip draws from everybody."""
    return {
        stimulus: {unit: float(sd * rng.standard_normal()) for unit, sd in effect.clip_sd.items()}
        for stimulus in sorted(set(stimuli))
    }


def concerned(change: Change, trials: TrialTable) -> NDArray[np.bool_]:
    """Return (K,) whether a trial agrees with everything in ``change.where``."""
    design = {**trials.columns, "condition": trials.condition, "stimulus": trials.stimulus_id}
    here = np.ones(len(trials), dtype=bool)
    for column, value in change.where.items():
        here &= np.array(design[column]) == value if column in design else False
    return here


def instruction(trials: TrialTable) -> NDArray[np.str_]:
    """Return what each trial asks for: ``"watch"``, ``"imitate"`` or ``"inhibit"``.

    Read from the columns ``instruction``, ``task``, ``phase`` and ``block``: a value that
    begins with one of the words counts. Without any, people just watch.
    """
    tasks = np.full(len(trials), "watch", dtype="U8")
    for column in ("block", "phase", "task", "instruction"):
        for k, value in enumerate(trials.columns.get(column, ())):
            for word in ("watch", "imitate", "inhibit"):
                if value.lower().startswith(word):
                    tasks[k] = word
    return tasks


def trial_gains(
    person: Participant, trials: TrialTable, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return (K,) gains of spontaneous responses, and whether each trial had a response."""
    group, n = person.group, len(trials)
    gains = np.full(n, group.gain)
    gains *= person.changes(trials)[0]
    gains += [person.deviation.get(c, 0.0) for c in trials.condition]
    gains *= habituated(group, n)
    if group.inhibit is not None:
        gains[instruction(trials) == "inhibit"] *= group.inhibit
    gains *= 1 + person.effect.trial_cv * rng.standard_normal(n)
    responded = (rng.random(n) < group.response_probability) & person.responder
    return np.where(responded, gains, 0.0), responded


def habituated(group: Group, n: int) -> NDArray[np.float64]:
    """Return (n,) what is left of a response, trial by trial."""
    return 1 - group.habituation * np.linspace(0.0, 1.0, n)


def extra_movement(
    group: Group,
    effect: Effect,
    trials: TrialTable,
    names: Sequence[str],
    rng: np.random.Generator,
    people: tuple[int, ...] = (),
) -> NDArray[np.float64]:
    """Return (*people, K, A) movement that has nothing to do with what the stimulus shows."""
    sd = np.array([effect.extra_sd(name[:4]) for name in names])
    factor = np.array([effect.trial_sd_factor.get(c, 1.0) for c in trials.condition])
    same = np.array([group.every_stimulus.get(name[:4], 0.0) for name in names])
    noise = rng.standard_normal((*people, len(trials), len(names)))
    return np.asarray(habituated(group, len(trials))[:, None] * same + factor[:, None] * sd * noise)


def trial_latencies(
    person: Participant, trials: TrialTable, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return (K,) times from the stimulus's movement to the response (s)."""
    spread = person.group.trial_latency_sd * rng.standard_normal(len(trials))
    return np.maximum(EARLIEST_S, person.latency_s + person.changes(trials)[1] + spread)
