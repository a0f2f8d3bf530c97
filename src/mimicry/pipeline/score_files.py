"""The files of a scored recording: their names and content, how they are written and read back.

The sidecar is written last: where it is, the results are complete.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mimicry import __version__, files
from mimicry.errors import TableError
from mimicry.pipeline.measured import MeasuredRecording
from mimicry.pipeline.plan import Plan
from mimicry.pipeline.quality import QUALITY_SHAPE
from mimicry.records import ActionUnitTrack
from mimicry.records.columns import describe
from mimicry.scoring.columns import CONDITION_COLUMNS, TRIAL_COLUMNS
from mimicry.study.blind import masked_table
from mimicry.study.folder import read_table
from mimicry.study.layout import (
    BLIND_SIDECAR,
    BLIND_TABLE,
    QC,
    REPORT,
    SCORES,
    SCORES_SIDECAR,
    SUMMARY,
    TRACE,
)
from mimicry.study.scoring_log import log_scoring

if TYPE_CHECKING:
    import pandas as pd

    from mimicry.report.recording import RecordingView

__all__ = [
    "ScoreFiles",
    "ScoredRecording",
    "frames_of",
    "provenance_of",
    "read_blind",
    "read_scores",
    "trial_quality",
    "write_blind",
    "write_scores",
]

_DESIGN = "design column of the events table"
_NEEDED = ("trial_id", "condition", "valid")


@dataclass(frozen=True, eq=False)
class ScoredRecording:
    """What scoring a recording gave.

    Parameters
    ----------
    recording, prefix
        The input and the common start of the output names.
    files
        Kind (``scores``, ``summary``, ``trace``, ``qc``, ``report``, ``sidecar`` and what
        extraction made) -> path.
    scores, summary
        The trial table and the condition table.
    shown
        Columns of the primary deltas, for printing.
    frames, frames_with_face
        How many frames the recording has, and with a face.
    resumed
        True when the results were there already.
    qc
        What the quality file says.
    warnings
        What the user must know; the same as in ``_qc.json``.
    read_with
        ``stimuli`` and ``clock``: which manifest and which clock the events were read with.
    """

    recording: Path
    prefix: str
    files: dict[str, Path]
    scores: "pd.DataFrame"
    summary: "pd.DataFrame"
    shown: list[str]
    frames: int
    frames_with_face: int
    resumed: bool
    qc: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    read_with: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, frames: Mapping[str, int], **parts: Any) -> Self:
        """Return the record of a planned recording with `parts`, the further fields."""
        given = {"shown": [], "resumed": False, "read_with": plan.read_with, **frames, **parts}
        return cls(recording=plan.recording, prefix=plan.prefix, **given)


@dataclass(frozen=True, slots=True)
class ScoreFiles:
    """Where the results of a planned recording lie: its scores, or what a blind study shows.

    `paths` is kind -> path.
    """

    plan: Plan
    paths: dict[str, Path]
    results: files.Results

    @classmethod
    def at(cls, plan: Plan, folder: Path, *, blind: bool, overwrite: bool) -> Self:
        """Return the files of a plan in a folder."""
        endings = _BLIND_ENDINGS if blind else _OPEN_ENDINGS
        paths = {kind: folder / f"{plan.prefix}{ending}" for kind, ending in endings.items()}
        results = files.Results(folder, paths["sidecar"].name, plan.digest, overwrite)
        return cls(plan, paths, results)

    def kept(self) -> bool:
        """Tell whether they are there, made from the same; refuse others."""
        return self.results.kept(self.paths.values())


_OPEN_ENDINGS = {
    "scores": SCORES,
    "summary": SUMMARY,
    "trace": TRACE,
    "qc": QC,
    "report": REPORT,
    "sidecar": SCORES_SIDECAR,
}
_BLIND_ENDINGS = {"scores": BLIND_TABLE, "sidecar": BLIND_SIDECAR}


def write_scores(
    to: ScoreFiles, measured: MeasuredRecording, view: "RecordingView", page: str
) -> ScoredRecording:
    """Write tables, traces, quality and page of a scored recording."""
    table, conditions = view.scores.to_frame(), view.summary.to_frame()
    plan, paths, notes = to.plan, to.paths, list(view.quality["warnings"])
    with to.results.replacing():
        files.write_tsv(paths["scores"], table)
        files.write_tsv(paths["summary"], conditions)
        made_from = {"mimicry": files.digest(view.provenance)}
        files.write_parquet(paths["trace"], view.aligned.to_frame(), made_from)
        files.write_json(paths["qc"], view.quality)
        files.write_text(paths["report"], page)
        log_scoring(to.results.folder, plan.prefix, plan.digest)
        sidecar = _sidecar(view.provenance, table, conditions, notes)
        files.write_json(paths["sidecar"], sidecar)
    return ScoredRecording.of(
        plan,
        frames_of(view.track),
        files={**paths, **measured.files},
        scores=table,
        summary=conditions,
        shown=_shown(plan),
        qc=dict(view.quality),
        warnings=notes,
    )


def read_scores(at: ScoreFiles) -> ScoredRecording:
    """Read back what :func:`write_scores` wrote."""
    quality = files.read_json_object(at.paths["qc"], QUALITY_SHAPE)
    return ScoredRecording.of(
        at.plan,
        _frames_in(at.paths["sidecar"]),
        files=at.paths,
        scores=_read_back(at.paths["scores"], *_NEEDED),
        summary=_read_back(at.paths["summary"]),
        shown=_shown(at.plan),
        resumed=True,
        qc=quality,
        warnings=[*quality.get("warnings", [])],
    )


def write_blind(
    to: ScoreFiles, measured: MeasuredRecording, scores: "pd.DataFrame", notes: list[str]
) -> ScoredRecording:
    """Write the quality of the trials and nothing that tells conditions apart."""
    protocol, frames = to.plan.protocol, frames_of(measured.track)
    table = masked_table(scores, list(protocol.file.conditions), protocol.digest)
    with to.results.replacing():
        files.write_tsv(to.paths["scores"], table)
        head = {"digest": to.plan.digest, "frames": frames, "columns": list(table.columns)}
        files.write_json(to.paths["sidecar"], {**head, "warnings": notes})
    paths = {**to.paths, **measured.files}
    return _blind(to.plan, frames, notes, files=paths, scores=table, qc=measured.quality)


def read_blind(at: ScoreFiles) -> ScoredRecording:
    """Read back what :func:`write_blind` wrote, and the quality file of the extraction."""
    quality = at.results.folder / f"{at.plan.prefix}{QC}"
    return _blind(
        at.plan,
        _frames_in(at.paths["sidecar"]),
        files.read_json_object(at.paths["sidecar"], {"warnings?": [str]}).get("warnings", []),
        files=at.paths,
        scores=_read_back(at.paths["scores"], *_NEEDED),
        qc=files.read_json_object(quality, QUALITY_SHAPE) if quality.exists() else {},
        resumed=True,
    )


def _blind(
    plan: Plan, frames: Mapping[str, int], notes: Sequence[str], **parts: Any
) -> ScoredRecording:
    import pandas as pd

    notes = [*plan.notes, *parts["qc"].get("warnings", []), *notes]
    parts |= {"summary": pd.DataFrame(), "warnings": list(dict.fromkeys(notes))}
    return ScoredRecording.of(plan, frames, **parts)


def provenance_of(plan: Plan, track: ActionUnitTrack) -> dict[str, Any]:
    """Return inputs, settings, versions and what made the track. No paths, no times."""
    return {
        "inputs": plan.inputs,
        **plan.sources,
        "digest": plan.digest,
        "seed": plan.settings.seed,
        "versions": {"mimicry": __version__} | _versions("numpy", "scipy", "pandas"),
        "track": dict(track.provenance),
        "units": dict(track.units),
    }


def _versions(*names: str) -> dict[str, str]:
    versions = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def _sidecar(
    provenance: Mapping[str, Any],
    table: "pd.DataFrame",
    conditions: "pd.DataFrame",
    notes: Sequence[str],
) -> dict[str, Any]:
    """Return the content of ``_scores.json``."""
    return {
        **provenance,
        "columns": {
            "scores": describe(list(table.columns), TRIAL_COLUMNS, otherwise=_DESIGN),
            "summary": describe(list(conditions.columns), CONDITION_COLUMNS, otherwise=_DESIGN),
        },
        "warnings": list(notes),
    }


def trial_quality(table: "pd.DataFrame") -> dict[str, Any]:
    """Return counts of valid trials and reasons by condition, for ``_qc.json``."""
    counts: dict[str, Any] = {}
    for condition, group in table.groupby("condition", sort=True):
        reasons: dict[str, int] = {}
        for text in group["reason"].dropna():
            for code in str(text).split(";"):
                reasons[code] = reasons.get(code, 0) + 1
        valid = int(group["valid"].sum())
        counts[str(condition)] = {"trials": len(group), "valid": valid, "reasons": reasons}
    return counts


def frames_of(track: ActionUnitTrack) -> dict[str, int]:
    """Return the number of frames, and of those with a face."""
    return {"frames": len(track), "frames_with_face": int(track.tracked.sum())}


def _frames_in(sidecar: Path) -> dict[str, int]:
    counts = {"frames": int, "frames_with_face": int}
    frames = files.read_json_object(sidecar, {"frames": counts})["frames"]
    return {name: frames[name] for name in counts}


def _shown(plan: Plan) -> list[str]:
    units = {a for m in plan.settings.emotions.values() for a in (*m.targets, *m.opponents)}
    return [f"delta_{name}_{plan.settings.primary_window}" for name in sorted(units)]


def _read_back(path: Path, *needed: str) -> "pd.DataFrame":
    """Return a table that was there already."""
    table = read_table(path).replace({"": None})
    for name in needed:
        if name not in table.columns or (name == "valid" and not table[name].isin([0, 1]).all()):
            raise TableError(
                f"the column {name!r} is missing or holds something else",
                path=path,
                key=name,
                hint="Make the table again with `overwrite=True`.",
            )
    return table
