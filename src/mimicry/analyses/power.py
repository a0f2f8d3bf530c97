"""Power by simulation: how often would a study find the effect that its protocol predicts?

Every simulated study draws its people and their trials from the same model as ``mimicry
simulate`` and runs the protocol's primary test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.analyses.primary import primary_test
from mimicry.errors import ProtocolError
from mimicry.protocol import Protocol
from mimicry.records import StimulusTimeline
from mimicry.simulation.contrasts import COVERED, ContrastPeople, DrawnPeople
from mimicry.simulation.effects import Effect, Group
from mimicry.simulation.nuisance import NUISANCE, Nuisance
from mimicry.simulation.recordings import people_of
from mimicry.simulation.scores import cell_trials, planned_people
from mimicry.statistics.clips import ClipTable
from mimicry.statistics.groups import one_sample, two_samples
from mimicry.statistics.planned import PlannedTest, decide

__all__ = ["PowerEstimate", "people_needed", "planned_power", "power"]

Floats = NDArray[np.float64]

#: Normal quantiles of a two-sided test at .05 with 80 % power, added.
QUANTILES = 1.959964 + 0.841621


@dataclass(frozen=True, slots=True)
class PowerEstimate:
    """What happened in `studies` simulated studies.

    Parameters
    ----------
    participants
        People in each group.
    trials
        Trials of the primary condition in each cell.
    power, power_se
        Share of studies whose primary test was significant in the predicted direction, and
        its Monte-Carlo standard error.
    right_sign
        Share of studies whose estimate had the predicted sign, significant or not.
    wrong_way
        Share of studies that were significant in the other direction.
    estimate, estimate_sd
        Mean and SD over studies of the estimate (action-unit units, or a correlation).
    studies
        How many were simulated.
    """

    participants: int
    trials: int
    power: float
    power_se: float
    right_sign: float
    wrong_way: float
    estimate: float
    estimate_sd: float
    studies: int

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def power(
    protocol: Protocol,
    *,
    participants: Sequence[int] | None = None,
    trials: int | None = None,
    groups: Sequence[Group] | None = None,
    effect: Effect | None = None,
    without_effect: bool = False,
    nuisance: Nuisance = NUISANCE["webcam"],
    studies: int = 200,
    seed: int = 0,
    known: Mapping[str, StimulusTimeline] | None = None,
) -> list[PowerEstimate]:
    """Estimate the power of a protocol's primary test.

    Parameters
    ----------
    protocol
        A checked protocol with a primary test of ``contrast`` or ``contrast_raw``.
    participants
        Numbers of people **in each group**; None: the number of the protocol's power note,
        shared out over its groups.
    trials
        Trials per condition and cell; None: as many as the protocol has.
    groups, effect
        What people do; None: what the protocol itself predicts. When two groups are given to
        a protocol without groups, the primary test compares the first with the second.
    without_effect
        Simulate the null hypothesis: the rates are then those of false claims.
    nuisance
        Camera noise and stray movement.
    studies
        Simulated studies; the Monte-Carlo error of a power of .8 is .028 with 200.
    seed
        Same seed, same result.
    known
        Stimulus id -> envelope; None: envelopes after the protocol's own timing.

    Raises
    ------
    ProtocolError
        When the primary score is not covered (latencies, ratings, events, coupling).

    Examples
    --------
    >>> from mimicry.protocol import load_protocol
    >>> found = power(load_protocol("dynamic-happy-angry"), participants=[20], studies=20)
    >>> found[0].participants, found[0].studies
    (20, 20)
    """
    primary = protocol.file.analysis.primary
    if primary.score not in COVERED:
        raise ProtocolError(
            f"the primary score {primary.score!r} has no fast simulation; covered are "
            f"{' and '.join(COVERED)}",
            path=protocol.path,
            key="analysis.primary.score",
            hint="Simulate whole studies with mimicry simulate and score them.",
        )
    does, people = people_of(protocol, groups or (), effect, without_effect=without_effect)
    planned = primary_test(protocol, people if groups else ())
    drawn = ContrastPeople(
        protocol, does, people, nuisance=nuisance, trials=trials, known=known, seed=seed
    )
    sizes = list(participants or [max(2, protocol.file.power.participants // len(people))])
    made = drawn.studies(studies, max(sizes))
    return [
        _rates(planned, made.scores[:, :, :n], drawn.n_trials, _clips(planned, made, n))
        for n in sizes
    ]


def planned_power(
    protocol: Protocol,
    *,
    participants: int | None = None,
    studies: int = 200,
    without_effect: bool = False,
    seed: int = 0,
) -> PowerEstimate:
    """Estimate how often the primary test of a protocol finds what the protocol predicts.

    Parameters
    ----------
    protocol
        Any checked protocol.
    participants
        People (or pairs) in each group; None: those of the power note, shared out.
    studies
        Simulated studies.
    without_effect
        Simulate the null hypothesis; `power` plus `wrong_way` is then the rate of false claims.
    seed
        Same seed, same result.

    Examples
    --------
    >>> from mimicry.protocol import load_protocol
    >>> planned_power(load_protocol("smile-contagion"), participants=40, studies=50).right_sign
    1.0
    """
    if protocol.file.analysis.primary.score in COVERED:
        sizes = None if participants is None else [participants]
        (estimate,) = power(
            protocol, participants=sizes, without_effect=without_effect, studies=studies, seed=seed
        )
        return estimate
    groups = list(protocol.file.design.groups) or ["all"]
    n = participants or max(2, protocol.file.power.participants // len(groups))
    people = planned_people(protocol, studies * n, without_effect=without_effect, seed=seed)
    scores = np.stack([people[group].reshape(studies, n, 2) for group in groups])
    return _rates(primary_test(protocol), scores, cell_trials(protocol))


def people_needed(protocol: Protocol, *, n: int = 400, seed: int = 0) -> tuple[int, float]:
    """Return people in all for 80 % power (two-sided .05), and the standardised effect.

    From the distribution of `n` simulated people in each group by normal theory; the effect is
    a d_z (one sample), a d (two groups) or a correlation.

    Examples
    --------
    >>> from mimicry.protocol import load_protocol
    >>> needed, effect = people_needed(load_protocol("dyad-smiles"))
    >>> needed < 30
    True
    """
    people = planned_people(protocol, n, seed=seed)
    primary = protocol.file.analysis.primary
    values = {group: v[np.isfinite(v[:, 0])] for group, v in people.items()}
    flat = np.concatenate(list(values.values()))
    if primary.trait is not None:
        r = float(np.corrcoef(flat.T)[0, 1])
        return int(np.ceil((QUANTILES / np.arctanh(r)) ** 2 + 3)), r
    if primary.between is not None:
        d = two_samples(*(values[g][:, 0] for g in (primary.between.more, primary.between.less)))
        return 2 * int(np.ceil(2 * (QUANTILES / d.effect) ** 2 + 1)), d.effect
    d = one_sample(flat[:, 0])
    return int(np.ceil((QUANTILES / d.effect) ** 2 + 2)), d.effect


#: Study -> group -> sides of the contrast.
Clips = Sequence[Sequence[Sequence[ClipTable]]]


def _clips(planned: PlannedTest, made: DrawnPeople, n: int) -> Clips:
    """Return the clip tables of the first `n` people of every study and group."""
    if planned.trait:
        return ()
    groups, studies = made.scores.shape[:2]
    return [
        [[side.of((g, s, slice(n))) for side in made.sides] for g in range(groups)]
        for s in range(studies)
    ]


def _rates(planned: PlannedTest, people: Floats, n_trials: int, clips: Clips = ()) -> PowerEstimate:
    """Run the test in every study; `people` is (groups, studies, n, 2): score and trait."""
    _, studies, n, _ = people.shape
    decisions = [
        decide(
            planned,
            list(people[:, s, :, 0]),
            list(people[:, s, :, 1]),
            clips[s] if clips else (),
        )
        for s in range(studies)
    ]
    means = np.array([d.test.mean for d in decisions])
    estimate = means[np.isfinite(means)]  # a study of too few scores has none
    significant = np.array([d.significant for d in decisions])
    right_way = np.array([d.right_way for d in decisions])
    rate = float((significant & right_way).mean())
    return PowerEstimate(
        participants=n,
        trials=n_trials,
        power=rate,
        power_se=float(np.sqrt(rate * (1 - rate) / studies)),
        right_sign=float(right_way.mean()),
        wrong_way=float((significant & ~right_way).mean()),
        estimate=float(estimate.mean()) if len(estimate) else float("nan"),
        estimate_sd=float(estimate.std(ddof=1)) if len(estimate) > 1 else float("nan"),
        studies=studies,
    )
