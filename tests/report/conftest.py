"""Pages of every kind, made from small arrays, with names that try to break them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mimicry.records import (
    ActionUnitTrack,
    AlignedTrials,
    ConditionSummary,
    EmotionMap,
    MimicryScores,
    ScoringSettings,
    TrialTable,
)
from mimicry.report.recording import RecordingView

RATE = 30
LONG = "a_very_long_name_of_a_condition_that_somebody_had_to_type_once_and_nobody_ever_shortened"
NAMES = ("<img src=x onerror=alert(1)> & \"quoted\" 'too'", LONG, "ابتسامة שלום", "x$_1^2$")


@pytest.fixture(scope="session")
def hostile_names() -> tuple[str, ...]:
    """Markup, a name without an end, another script, mathematics."""
    return NAMES


@pytest.fixture(scope="session")
def track() -> Callable[[int], ActionUnitTrack]:
    def make(n: int = 300) -> ActionUnitTrack:
        ones = np.ones(n)
        keys = ("success", "scale_px", "luminance", "sharpness", "blink", "pose_ok",
                "fit_residual", "plausible")  # fmt: skip
        quality = dict.fromkeys(keys, ones) | {
            "success": np.r_[np.zeros(min(30, n)), np.ones(max(n - 30, 0))]
        }
        return ActionUnitTrack(
            np.arange(n) / RATE, np.zeros((n, 2)), ("AU04", "AU12"), np.zeros((n, 3)), quality,
            np.zeros((n, 0)),
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def make_view(track: Callable[[int], ActionUnitTrack]) -> Callable[..., RecordingView]:
    """``make_view(conditions=("happy", "angry", "neutral"), repeats=2, ...)``."""

    def make(
        conditions: tuple[str, ...] = ("happy", "angry", "neutral"),
        *,
        repeats: int = 2,
        valid: Callable[[int], bool] = lambda k: k != 5,
        names: tuple[str, ...] = ("AU04", "AU12"),
        **changes: Any,
    ) -> RecordingView:
        rng = np.random.default_rng(1)
        grid = np.arange(-15, 76) / RATE
        main, other = conditions[0], conditions[1 % len(conditions)]
        maps = {main: EmotionMap(("AU12",), ("AU04",), "positive")}
        if other != main:
            maps[other] = EmotionMap(("AU04",), ("AU12",), "negative")
        k, a = len(conditions) * repeats, len(names)
        flags = np.array([valid(n) for n in range(k)], dtype=bool)
        trials = TrialTable(
            tuple(str(n) for n in range(k)),
            tuple(f"{c}-clip" for c in conditions) * repeats,
            conditions * repeats,
            np.arange(k) * 1.0,
            np.ones(k),
        )
        response = rng.normal(0, 0.1, (k, len(grid), a))
        bins, stimulus = np.zeros((k, 1)), np.zeros((k, len(grid), a))
        aligned = AlignedTrials(
            trials, names, RATE, grid, response, response, stimulus, {}, trials.onset_s,
            np.array([0.0, 1.0]), bins, bins, bins,
        )  # fmt: skip
        deltas = np.where(flags[:, None, None], 0.1, np.nan) * np.ones((k, 1, a))
        scores = MimicryScores(
            trials, names, ("main",),
            phase=("watch",) * (k // 2) + ("imitate",) * (k - k // 2),
            valid=flags,
            reason=tuple("" if flag else "artefact;baseline" for flag in flags),
            quality={},
            baseline_mean=np.zeros((k, a)), baseline_sd=np.zeros((k, a)),
            delta=deltas, delta_z=deltas, delta_cal=deltas, noise_se=np.zeros((k, a)),
            columns={
                "mimicry_index": np.where(flags, np.arange(k), np.nan),
                "event_onset_s": np.where(flags, 123.456, np.nan),
            },
            lags_s=np.arange(10) / RATE,
            lag_profile=rng.normal(0, 0.2, (k, 10)),
            why=("",) * k,
            participant=NAMES[2],
        )  # fmt: skip
        some = bool(flags.any())
        summary = {
            "condition": main,
            "targets": "AU12",
            "n": float(flags.sum()),
            "contrast": 1.25 if some else np.nan,
            "p": 1e-4 if some else np.nan,
            "arrangements": 30000,
            "contrast_raw": 0.1 if some else np.inf,
            "nan_reasons": "" if some else "contrast=too_few_trials;p=too_few_trials",
        }
        given: dict[str, Any] = {
            "title": NAMES[0],
            "protocol": "demo",
            "track": track(300),
            "aligned": aligned,
            "scores": scores,
            "summary": ConditionSummary((summary,)),
            "settings": ScoringSettings(maps),
            "provenance": {"inputs": {"file": NAMES[1], "settings": {}}, "missing": None},
        }
        return RecordingView(**{**given, **changes})

    return make


@pytest.fixture(scope="session")
def group_tables() -> Callable[..., Any]:
    """``group_tables(cells, groups)``: what ``mimicry group`` hands to its page."""

    def make(cells: tuple[str, ...] = NAMES, groups: tuple[str, ...] = NAMES[:3]) -> Any:
        where = [{"session": None, "phase": "watch", "condition": cell} for cell in cells]
        contrasts = [
            {**cell, "measure": measure, "arm": group, "n": 12, "n_missing": k, "mean": 0.1,
             "low": -0.01 + k, "high": 0.2 + k, "t": 4.0, "p": 10.0**-k, "dz": 0.5,
             "p_these_clips_only": None, "clips": "fixed", "reason": None}
            for cell in where
            for measure in ("contrast_raw", "contrast")
            for k, group in enumerate(groups)
        ]  # fmt: skip
        differences = [
            {**cell, "measure": "contrast_raw", "arm": group, "control": groups[0],
             "difference": 0.1, "low": -0.1, "high": 0.3, "p": 0.0, "p_these_clips_only": 0.5,
             "d": 0.4, "gate": "passed", "reason": None, "percent_less": None,
             "percent_less_low": None, "percent_less_high": None,
             "percent_reason": "control_includes_0"}
            for cell in where
            for group in groups[1:]
        ]  # fmt: skip
        refusals = [
            {**cell, "arm": group, "measure": "latency_shift_s", "n": 12,
             "refused": k, "share_refused": k / 12,
             "commonest_reason": "low_snr" if k else None, "reasons": f"low_snr: {k}",
             "latency_mean_s": 0.6 if k < 2 else None}
            for cell in where
            for k, group in enumerate(groups)
        ]  # fmt: skip
        exclusions = [
            {**cell, "what": "trials", "compared": "arm", "level": group, "lost": 3, "of": 40,
             "share": 0.075, "others_share": None, "p": 0.04, "differs": 1}
            for cell in where
            for group in groups[:1]
        ]  # fmt: skip
        claims = [
            {**cell, "arm": group, "targets": "AU12", "opponents": "AU04", "p_claim": 10.0**-k,
             "claim": ("mimicry", None, "none")[k % 3],
             "reason": "clips_fixed" if k % 3 == 1 else None, "people": 12, "people_towards": 10,
             "people_against": 0, "people_opponent_only": 1, "people_none": 1, "people_without": 0}
            for cell in where
            for k, group in enumerate(groups)
        ]  # fmt: skip
        heads = {"session": [], "phase": [], "condition": [], "measure": [], "arm": []}
        return SimpleNamespace(
            contrasts=pd.DataFrame(contrasts or heads).replace({np.nan: None}),
            differences=pd.DataFrame(differences or heads),
            refusals=pd.DataFrame(refusals or heads),
            exclusions=pd.DataFrame(exclusions or heads),
            claims=pd.DataFrame(claims or heads),
            lost=[f"trials lost differ by {NAMES[0]}"] if groups else [],
            by="arm",
            control=groups[0] if groups else None,
            gaps=["2 people have no row"],
            analysed={
                "study": NAMES[1], "folder": "study", "protocol": "demo", "digest": "ab" * 32,
                "people": 36, "groups": dict.fromkeys(groups, 12),
                "trials": {"total": 0, "valid": 0},
            },
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def multiverse_page() -> Callable[..., str]:
    """``multiverse_page(results=True)``: the page of a small multiverse."""
    from mimicry.report.multiverse import render_multiverse

    def make(*, results: bool = True) -> str:
        rows = [
            {
                "baseline": baseline, "window": window, "standardisation": unit,
                "smoothing": "0.1 s", "null": null, "declared": int(k == 0), "n": 12,
                **dict.fromkeys(("mean", "low", "high", "dz", "dz_low", "dz_high", "p"), value),
                "reason": "too_few_participants" if np.isnan(value) else "",
            }
            for k, (baseline, window, unit, null, value) in enumerate(
                (b, w, u, n, (0.0 if results and u != "cal" else np.nan) + i / 100)
                for b in ("-0.5 to 0 s", "-0.2 to 0 s")
                for w in ("main (0.5 to 2.5 s)", f"{LONG} (0.5 to 1.5 s)")
                for u in ("raw", "z", "cal")
                for i, n in enumerate(("t", "sign-flip", "swap"))
            )
        ]  # fmt: skip
        some = [row["dz"] for row in rows if np.isfinite(row["dz"])]
        nan = float("nan")
        summary = {
            "specifications": len(rows),
            "without_result": len(rows) - len(some),
            "dz_median": float(np.median(some)) if some else nan,
            "dz_lowest": min(some, default=nan),
            "dz_highest": max(some, default=nan),
            "share_same_sign": 1.0 if some else nan,
            "share_significant": 0.9999 if some else nan,
            "declared_dz": rows[0]["dz"],
            "declared_p": 0.0 if some else nan,
        }
        analysed = {
            "study": NAMES[0], "folder": "study", "protocol": "demo", "digest": "cd" * 32,
            "people": 12, "recordings": 13, "trials": 240, "own_trials": 80,
            "reference_trials": 79, "reference": "neutral", "phase": "block watch",
            "score": "contrast of the pattern AU12 minus AU04", "seed": 20261122, "draws": 999,
            "versions": {"mimicry": "0.1.0", "numpy": "2.0"},
        }  # fmt: skip
        grid = SimpleNamespace(condition=NAMES[2], block="watch")
        return render_multiverse(rows, summary, grid, analysed)

    return make
