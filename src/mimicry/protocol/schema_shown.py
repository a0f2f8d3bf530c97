"""What a protocol may say about design, stimuli, timing, blocks and ratings."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mimicry.scoring.nulls import SWAPS

__all__ = [
    "Block",
    "Condition",
    "Count",
    "Design",
    "Factor",
    "Jitter",
    "Kind",
    "Level",
    "Part",
    "Randomisation",
    "Rating",
    "Seconds",
    "Slug",
    "Stimuli",
    "Swap",
    "Text",
    "Timing",
]

_WHOLE = re.compile(r"-?\d{1,6}", re.ASCII)

Text = Annotated[str, Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")]
Kind = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$")]
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000)]
if TYPE_CHECKING:
    Swap = str
else:
    Swap = Literal[tuple(SWAPS)]


class Part(BaseModel):
    """Base of every part of a protocol file: strict types, no unknown keys, no change later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Condition(Part):
    """One condition: what the stimulus face shows, and what is scored in the observer."""

    emotion: Slug = Field(description="The emotion in the name of the stimulus.")
    targets: list[str] = Field(
        default_factory=list, description="Action units that a following face would move."
    )
    opponents: list[str] = Field(
        default_factory=list, description="Action units that it would not move."
    )
    valence: Literal["positive", "negative", "none"] = Field(
        default="none", description="Decides the reference trials of 'reference: valence'."
    )
    any_emotion: bool = Field(
        default=False,
        description="Clips of this condition may show other emotions than `emotion`; without it, "
        "events whose clip shows another one are refused.",
    )


class Level(Part):
    """One level of a factor, and what it changes in a trial."""

    kind: Kind | None = Field(default=None, description="Kind of stimulus shown at this level.")
    cue: str | None = Field(default=None, description="Text shown before the face.")
    timing: dict[str, Seconds] = Field(
        default_factory=dict, description="Phase durations that differ at this level."
    )
    note: str | None = Field(default=None, description="What the level means.")


class Factor(Part):
    """A design factor beyond condition and block."""

    levels: dict[Slug, Level] = Field(min_length=2, description="Name of the level: what it does.")
    assign: Literal["trial", "identity"] = Field(
        description="'trial': every stimulus is shown at every level. 'identity': each model face "
        "has one level for the whole session, rotated over participants."
    )
    note: str | None = Field(default=None, description="How the levels are made.")


class Randomisation(Part):
    """Limits of the random order within a block (null: no limit)."""

    max_same_condition: Count | None = Field(
        default=2, description="Most trials of one condition in a row."
    )
    max_same_identity: Count | None = Field(
        default=1, description="Most trials of one model face in a row."
    )


class Design(Part):
    """Who takes part, how the trials are ordered, what is counterbalanced."""

    groups: dict[Slug, Text] = Field(
        default_factory=dict, description="Groups or arms of participants: name, description."
    )
    traits: dict[Slug, Text] = Field(
        default_factory=dict, description="Measures of the person used as predictors."
    )
    visits: list[Slug] = Field(default_factory=list, description="Visits, in order.")
    factors: dict[Slug, Factor] = Field(
        default_factory=dict, description="Further factors of the trials."
    )
    block_order: Literal["fixed", "rotate", "alternate"] = Field(
        default="fixed",
        description="'fixed': as listed. 'rotate': the first block moves on from participant to "
        "participant. 'alternate': the runs of the blocks take turns.",
    )
    randomisation: Randomisation = Field(default_factory=Randomisation)
    seed: int = Field(default=0, ge=0, description="Seed of all random orders and jitters.")


class Stimuli(Part):
    """Which faces are shown."""

    pattern: Text = Field(
        default="{emotion}-{identity}-{kind}",
        description="How a stimulus id is made of emotion, identity, kind and factor names.",
    )
    identities: list[Slug] = Field(min_length=1, description="Model faces.")
    kind: Kind = Field(
        default="dynamic",
        description="Kind of stimulus: dynamic or static, for the rendered set with an intensity "
        "and a length in seconds if they are not the usual ones (dynamic-i50, static-d4).",
    )
    manifest: str | None = Field(
        default=None,
        description="Manifest of your own stimulus set, relative to this file; "
        "null: the set that ships with the package.",
    )
    note: str | None = Field(default=None, description="Origin, licence and limits of the set.")


class Jitter(Part):
    """A duration drawn anew for each trial."""

    low: Seconds
    high: Seconds
    values: list[Seconds] = Field(default_factory=list)


class Timing(Part):
    """Durations of a trial's phases in seconds, in the order in which they happen."""

    fixation_s: Seconds = Field(default=1.0, description="Fixation cross.")
    cue_s: Seconds = Field(default=0.0, description="Text cue of the block or factor level.")
    neutral_s: Seconds = Field(default=0.5, description="Still neutral face; 0 for a photograph.")
    rise_s: Seconds = Field(default=0.75, description="From dynamic onset to the apex.")
    apex_s: Seconds = Field(default=1.25, description="Expression held (or film running).")
    fall_s: Seconds = Field(default=0.0, description="From the apex back to neutral.")
    blank_s: Seconds = Field(default=1.0, description="Empty screen after the face.")
    iti_s: Jitter = Field(
        description="Pause between trials: a number, [low, high] for a uniform draw, or "
        "{values: [...]} for one of these."
    )

    @field_validator("iti_s", mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        number = int | float
        if isinstance(value, number) and not isinstance(value, bool):
            return {"low": value, "high": value}
        if isinstance(value, list) and len(value) == 2 and value[0] <= value[1]:
            return {"low": value[0], "high": value[1]}
        if isinstance(value, dict) and set(value) == {"values"} and value["values"]:
            values = value["values"]
            if isinstance(values, list) and all(isinstance(v, number) for v in values):
                return {"low": min(values), "high": max(values), "values": values}
        if isinstance(value, dict) and {"low", "high"} <= set(value):
            return _agreeing(value)
        raise ValueError("expected a number, [low, high] with low <= high, or {values: [...]}")


def _agreeing(value: dict[str, Any]) -> dict[str, Any]:
    """Return the long form of a pause whose parts do not contradict each other."""
    low, high, values = value["low"], value["high"], value.get("values") or []
    numbers = all(isinstance(v, int | float) for v in (low, high, *values))
    if numbers and low > high:
        raise ValueError(f"expected low <= high, found {low:g} and {high:g}")
    if numbers and values and (min(values), max(values)) != (low, high):
        raise ValueError("expected {values: [...]} alone: low and high are others than theirs")
    return value


class Block(Part):
    """A block of trials with one task."""

    task: Literal["watch", "imitate", "inhibit", "infer", "recognise", "interact"] = Field(
        description="What participants are asked to do; trials of different blocks are never "
        "pooled."
    )
    instruction: Text = Field(description="What participants read before the block.")
    cue: str | None = Field(default=None, description="Text shown before each face (timing.cue_s).")
    conditions: list[str] = Field(
        default_factory=list, description="Conditions in the block; empty: all."
    )
    repeats: Count = Field(default=1, description="How often each stimulus is shown.")
    swap: Swap | None = Field(
        default=None,
        description="What the null permutes in this block: 'clip', 'pairs' or 'block' where a clip "
        "is shown more than once; null: as scoring.swap.",
    )
    runs: Count = Field(
        default=1, description="Into how many equal runs the block is cut (block_order: alternate)."
    )
    practice: int = Field(
        default=0, ge=0, le=100, description="Practice trials before the block, never scored."
    )
    break_s: Seconds = Field(
        default=30.0,
        description="Pause between this block and the next; participants go on when it is over.",
    )


class Rating(Part):
    """A question to the participant."""

    prompt: Text = Field(description="The question.")
    scale: Literal["slider", "keys"] = Field(
        default="slider",
        description="How it is answered: by moving a slider, or by a key (a button) for each "
        "answer, at most 21.",
    )
    low: Text = Field(
        description="Label of the low end (or of the first key). Where both ends are whole "
        "numbers, answers are stored as these numbers; else keys count from 1, sliders from 0."
    )
    high: Text = Field(description="Label of the high end (or of the last key).")
    steps: int = Field(
        default=101,
        ge=2,
        le=1001,
        description="Number of possible answers; a slider stands still at these only.",
    )
    labels: list[Text] = Field(
        default_factory=list,
        description="Texts of all keys from low to high; empty: only the ends are named.",
    )
    after: Literal["trial", "block", "session"] = Field(
        default="trial", description="When it is asked."
    )
    blocks: list[str] = Field(default_factory=list, description="In these blocks; empty: all.")
    limit_s: Annotated[float, Field(gt=0, le=3600)] | None = Field(
        default=None,
        description="Seconds after which the question goes away, answered or not; null: it "
        "stays until it is answered (6 s are planned).",
    )

    def numbers(self) -> range | None:
        """Return the numbers of the answers where the labels of both ends are whole numbers."""
        if not (_WHOLE.fullmatch(self.low) and _WHOLE.fullmatch(self.high)):
            return None
        return range(int(self.low), int(self.high) + 1)
