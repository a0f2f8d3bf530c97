"""Do dyads look in step that have nothing to do with one another?

Samples of simulated dyads, tested as a whole by re-pairing everybody at once, and single dyads held
against pseudo-pairs with strangers: the share with p <= .05 for unrelated people, with lively and
still ones mixed, and, for the power, with seconds that follow their firsts.

Run ``python -m benchmarks dyads --page docs/calibration.md`` (about 15 minutes of CPU).
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import tables
from benchmarks.tables import Table, short, significant
from mimicry.simulation.nuisance import autoregression
from mimicry.synchrony.methods import People, choose_settings, measure, measure_sample

SEED = 20261128
RATE_HZ, LENGTH_S, LAG_S = 5.0, 60.0, 1.0


@dataclass(frozen=True)
class Sample:
    """Dyads of one study.

    Parameters
    ----------
    title
        What they are, in words.
    n
        How many.
    strangers
        The first dyad alone is tested, against pseudo-pairs with so many others.
    memory_s
        Memory of everybody's movement.
    lively
        Every third person moves so many times as much, in bursts.
    tie
        Size of what the second takes over from the first, 0.4 s later, in SDs of own movement.
    """

    title: str
    n: int = 1
    strangers: int = 0
    memory_s: float = 0.5
    lively: float = 1.0
    tie: float = 0.0


SAMPLES: Mapping[str, Sample] = {
    **{f"unrelated {n}": Sample(f"{n} dyads of unrelated people", n) for n in (4, 5, 8, 12)},
    "slow 8": Sample("8 dyads, movements four times as slow", 8, memory_s=2.0),
    "lively 8": Sample("8 dyads, every third person in bursts", 8, lively=5.0),
    **{
        f"alone {n}": Sample(f"one unrelated dyad against {n} strangers", strangers=n)
        for n in (19, 39)
    },
    "tied 8": Sample("8 dyads, seconds follow (.3)", 8, tie=0.3),
    "tied 12": Sample("12 dyads, seconds follow (.3)", 12, tie=0.3),
    "tied alone": Sample(
        "one dyad against 39 strangers, seconds follow (.3)", strangers=39, tie=0.3
    ),
}


def draw(sample: Sample, rng: np.random.Generator) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return dyads, (2, N) samples each, and (N,) samples of each stranger."""
    steps = round(RATE_HZ * LENGTH_S)
    memory = float(np.exp(-1 / RATE_HZ / sample.memory_s))
    moves = autoregression((2 * sample.n + sample.strangers, steps), memory, rng, axis=1)
    if sample.lively != 1:
        bursts = autoregression(moves.shape, memory, rng, axis=1) > 1
        moves[::3] *= np.where(bursts, sample.lively, 1.0)[::3]
    first, second = moves[: sample.n], moves[sample.n : 2 * sample.n]
    late = round(0.4 * RATE_HZ)
    second[:, late:] += sample.tie * first[:, :-late]
    return list(np.stack([first, second], axis=1)), list(moves[2 * sample.n :])


def one_study(name: str, k: int) -> float:
    """Return p of study `k` of a row; NaN without."""
    sample = SAMPLES[name]
    rng = np.random.default_rng([SEED, list(SAMPLES).index(name), k])
    dyads, strangers = draw(sample, rng)
    settings = choose_settings("face", max_lag_s=LAG_S, surrogates=999)
    if strangers:
        people = People(dyads[0], RATE_HZ, partners=tuple(strangers))
        found = measure(people, replace(settings, null="pseudo-pairs"))
    else:
        named = {f"d{i}": People(values, RATE_HZ) for i, values in enumerate(dyads)}
        found = measure_sample(named, settings)
    return float(found.surrogate["p"])


def cells(name: str, p: Sequence[float]) -> list[str]:
    """Return the share of studies with p <= .05."""
    return [SAMPLES[name].title, short(significant(p)) or "no p", str(len(p))]


TABLES = {"dyads": Table(SAMPLES, one_study, cells, 2000)}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its table into the documentation page."""
    return tables.command(TABLES, arguments, __doc__)


if __name__ == "__main__":
    sys.exit(main())
