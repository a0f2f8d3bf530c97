"""How trials are scored: each default, gate and smallest number, which a protocol may set."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

__all__ = ["EmotionMap", "Reference", "ScoringSettings"]

Reference = Literal["neutral", "valence"]
_WINDOWS = {"main": (0.5, 2.5), "early": (0.5, 1.5), "emg": (0.0, 1.0), "late": (1.5, 2.5)}


@dataclass(frozen=True, slots=True)
class EmotionMap:
    """Which action units an emotion should move in an observer, and which it should not.

    Parameters
    ----------
    targets, opponents
        Action-unit names (``"AU12"``); both non-empty and disjoint.
    valence
        ``"positive"`` or ``"negative"``; decides the reference trials of ``reference: valence``
        and between which emotions specificity is computed.
    """

    targets: tuple[str, ...]
    opponents: tuple[str, ...]
    valence: Literal["positive", "negative", "none"] = "none"

    def __post_init__(self) -> None:
        if not self.targets or not self.opponents:
            raise ValueError("an emotion needs at least one target and one opponent action unit")
        both = sorted(set(self.targets) & set(self.opponents))
        if both:
            raise ValueError(f"{', '.join(both)} stand as target and as opponent")


@dataclass(frozen=True, slots=True)
class ScoringSettings:
    """Everything that decides a score. Times in seconds from the dynamic onset.

    Parameters
    ----------
    emotions
        Condition name -> :class:`EmotionMap`. A condition without one (neutral) has no index.
    reference
        ``"neutral"``: trials of `neutral_condition`; ``"valence"``: all trials of the other
        valence.
    swap
        What the label-swap null permutes, a name in :data:`mimicry.scoring.nulls.SWAPS`; follows
        the randomisation of the design.
    swaps
        Phase -> the swap of its trials, where that is another one.
    run_column
        Design column that numbers mini-blocks, for ``swap: block``.
    phase_column
        Design column whose values (watch, imitate, inhibit) are never pooled; without such a
        column all trials belong together.
    imitate_phase
        Value of that column whose trials calibrate the others.
    correlation_s
        Stimulus samples that enter the lagged correlation; None: from the dynamic onset to
        the end of the primary window.
    claim_alpha
        Level of the claim of a contrast; in a protocol that of ``analysis.primary``.
    latency_fit_s
        Where a response is looked for; a latency is fitted to the baseline and to this.
    latency_min_r2
        Share of a response's variance that the shifted stimulus must explain, or there is no
        `latency_shift_s`.
    secondary_nulls
        Further nulls for the peak correlation, beside the label swap; names in
        :data:`mimicry.scoring.nulls.SECONDARY_NULLS`. They ask another question and carry no
        mimicry claim.
    """

    emotions: Mapping[str, EmotionMap]
    reference: Reference = "neutral"
    neutral_condition: str = "neutral"
    swap: str = "free"
    swaps: Mapping[str, str] = field(default_factory=dict)
    identity_column: str = "identity"
    block_column: str = "block"
    run_column: str = "run"
    phase_column: str = "block"
    imitate_phase: str = "imitate"
    rate_hz: float = 30.0
    max_gap_s: float = 0.1
    baseline_s: tuple[float, float] = (-0.5, 0.0)
    windows: Mapping[str, tuple[float, float]] = field(default_factory=_WINDOWS.copy)
    primary_window: str = "main"
    smooth_amplitude_s: float = 0.1
    smooth_latency_s: float = 0.05
    lags_s: tuple[float, float] = (0.0, 1.5)
    correlation_s: tuple[float, float] | None = None
    min_overlap: float = 0.8
    pose_limit_deg: float = 20.0
    bin_s: float = 0.1
    baseline_outlier_sd: float = 3.5
    bad_bins_fraction: float = 0.5
    min_fps: float = 20.0
    min_trials: int = 6
    min_trials_z: int = 8
    min_trials_latency: int = 12
    min_trials_calibration: int = 4
    latency_gate: float = 4.0
    latency_max_s: float = 1.5
    latency_step_s: float = 0.01
    latency_fit_s: tuple[float, float] = (0.0, 2.5)
    latency_min_r2: float = 0.5
    event_sigma: float = 3.0
    event_hold_s: float = 0.1
    event_search_s: tuple[float, float] = (0.2, 2.0)
    event_max_missing: float = 0.2
    noise_block_s: float = 0.3
    surrogates: int = 9999
    secondary_nulls: tuple[str, ...] = ()
    secondary_surrogates: int = 999
    enumerate_up_to: int = 10_000
    min_arrangements: int = 40
    two_sided: bool = True
    claim_alpha: float = 0.05
    seed: int = 0

    @property
    def scored(self) -> tuple[str, ...]:
        """Every action unit that an emotion names, targets first, each once."""
        maps = self.emotions.values()
        names = [n for m in maps for n in m.targets] + [n for m in maps for n in m.opponents]
        return tuple(dict.fromkeys(names))

    @property
    def stimulus_window_s(self) -> tuple[float, float]:
        """Return the stimulus samples that enter the lagged correlation."""
        return self.correlation_s or (0.0, self.windows[self.primary_window][1])

    def of_phase(self, phase: str) -> "ScoringSettings":
        """Return how the trials of a phase are scored: with its own swap.

        Examples
        --------
        >>> ScoringSettings({}, swaps={"watch": "clip"}).of_phase("watch").swap
        'clip'
        """
        return replace(self, swap=self.swaps.get(phase, self.swap))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, for sidecars and digests."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value
