"""What one session shows, in order: plain values that the page, the disk and a resume share."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from mimicry.errors import InputError
from mimicry.files import read_json_object, sha256_of
from mimicry.runner.stored import PLAN
from mimicry.study.layout import RECORDED, SOURCEDATA, check_label, person_folder, session_prefix

__all__ = [
    "CameraSettings",
    "Phase",
    "PhaseKind",
    "Question",
    "SessionPlan",
    "Step",
    "Stimulus",
    "numbered",
    "read_plan",
]

PhaseKind = Literal["iti", "fixation", "cue", "stimulus", "blank"]
StepKind = Literal["page", "trial", "rating", "break", "check"]

_MIME = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}


class _Stored:
    """Read back by its fields alone: a key that is none of them is refused."""

    __slots__ = ()
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - no field


@dataclass(frozen=True, slots=True)
class Stimulus(_Stored):
    """One file on the screen; `path` never leaves the server, the page asks by number."""

    stimulus_id: str
    path: Path
    sha256: str

    @property
    def mime(self) -> str:
        """Return the media type, from the file's ending."""
        try:
            return _MIME[self.path.suffix.lower()]
        except KeyError:
            raise InputError(
                f"a browser cannot show {self.path.suffix or 'a file without ending'}",
                path=self.path,
                hint=f"Expected one of {', '.join(sorted(_MIME))}.",
            ) from None


def numbered(stimuli: Sequence[Stimulus]) -> list[dict[str, Any]]:
    """Return what the page knows of stimuli."""
    return [
        {"id": s.stimulus_id, "sha256": s.sha256, "mime": s.mime, "url": f"/stim/{i}"}
        for i, s in enumerate(stimuli)
    ]


@dataclass(frozen=True, slots=True)
class Phase(_Stored):
    """A stretch of a trial. A video without `duration_s` plays to its end."""

    kind: PhaseKind
    duration_s: float | None = None
    stimulus: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Question(_Stored):
    """A rating: a row of choices answered by number key, or a slider.

    Choices are numbered from `first`. A slider has `steps` answers from `minimum` to `maximum`.
    After `limit_s` the question goes away; what a slider was moved to counts then.
    """

    question_id: str
    text: str
    kind: Literal["choice", "slider"] = "choice"
    options: tuple[str, ...] = ()
    minimum: float = 0.0
    maximum: float = 100.0
    steps: int = 101
    first: int = 1
    limit_s: float | None = None
    labels: tuple[str, str] = ("", "")
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class Step(_Stored):
    """One thing the participant meets. `columns` go into events.tsv as they are."""

    step_id: str
    kind: StepKind
    title: str = ""
    text: tuple[str, ...] = ()
    button: str = "Continue"
    min_s: float = 0.0
    phases: tuple[Phase, ...] = ()
    questions: tuple[Question, ...] = ()
    trial_id: str = ""
    condition: str = ""
    stimulus_id: str = ""
    block: str = ""
    practice: bool = False
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CameraSettings(_Stored):
    """What the recorder asks of the camera and of the encoder."""

    record: bool = True
    width: int = 640
    height: int = 480
    fps: float = 30.0
    bitrate: int = 4_000_000


@dataclass(frozen=True, slots=True)
class SessionPlan(_Stored):
    """One participant's session, in its realised order."""

    protocol: str
    protocol_digest: str
    task: str
    participant: str
    session: str | None
    title: str
    consent: tuple[str, ...]
    steps: tuple[Step, ...]
    stimuli: tuple[Stimulus, ...]
    camera: CameraSettings = CameraSettings()
    seed: int = 0
    keep_video: bool = True
    background: str = "#808080"
    record_only: bool = False
    closing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_label(self.participant, key="participant")
        if self.session is not None:
            check_label(self.session, key="session")
        ids = [s.step_id for s in self.steps]
        if len(ids) != len(set(ids)):
            raise ValueError("two steps of a session have the same id")

    @property
    def prefix(self) -> str:
        """Return the start of every file name of this session."""
        return session_prefix(self.participant, self.session, self.task)

    def beh_folder(self, study: Path) -> Path:
        """Return where the converted recording goes."""
        return person_folder(study, self.participant, self.session) / RECORDED

    def source_folder(self, study: Path) -> Path:
        """Return the folder of this participant's raw runs."""
        return person_folder(study / SOURCEDATA, self.participant, self.session)

    def duration_s(self) -> float:
        """Return a rough upper duration: phases as declared, 8 s a question, 20 s a page."""
        total = 120.0
        for step in self.steps:
            total += sum(p.duration_s or 5.0 for p in step.phases) + 8.0 * len(step.questions)
            total += 0.0 if step.kind in ("trial", "rating") else 20.0 + step.min_s
        return total

    def to_json(self) -> dict[str, Any]:
        """Return everything, with the paths: for the session folder only."""
        return asdict(self)

    def for_page(self) -> dict[str, Any]:
        """Return what the page needs: no path, no right answers of attention checks."""
        plain = asdict(self)
        for step in plain["steps"]:
            for question in step["questions"]:
                del question["answer"]
        plain["stimuli"] = numbered(self.stimuli)
        return plain

    def verify_stimuli(self) -> None:
        """Check that every stimulus is the file that the plan was made with.

        Raises
        ------
        InputError
            When one is missing or has changed.
        """
        for stimulus in self.stimuli:
            if not stimulus.path.is_file():
                raise InputError("a stimulus of this session is missing", path=stimulus.path)
            if sha256_of(stimulus.path) != stimulus.sha256:
                raise InputError(
                    "a stimulus has changed since the session was planned", path=stimulus.path
                )


def read_plan(folder: Path) -> SessionPlan:
    """Return the plan that was written into a session's folder.

    Raises
    ------
    InputError
        When it is missing or damaged.
    """
    from pydantic import TypeAdapter, ValidationError

    path = folder / PLAN
    text = json.dumps(read_json_object(path))
    try:
        return TypeAdapter(SessionPlan).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or None
        raise InputError(
            f"is not the plan of a session ({first['msg']})", path=path, key=key
        ) from error
