"""What a protocol file may say. Unknown keys are refused; every key is described here.

The descriptions are the reference for authors: the exported JSON Schema carries them, so an
editor shows them while one types.
"""

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator

from mimicry.records import ScoringSettings

__all__ = [
    "ACTION_UNITS",
    "SCORES",
    "Analysis",
    "Block",
    "Capture",
    "Claim",
    "Compare",
    "Condition",
    "Design",
    "Effect",
    "Factor",
    "Hypothesis",
    "Jitter",
    "Level",
    "Power",
    "Prediction",
    "Primary",
    "ProtocolFile",
    "Randomisation",
    "Rating",
    "Stimuli",
    "Timing",
]

ACTION_UNITS = tuple(
    f"AU{n:02d}" for n in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 18, 20, 23, 25, 26, 43, 45)
)

Score = Literal[
    "contrast", "contrast_raw", "contrast_cal", "hit_rate", "latency_shift_s", "rating", "coupling"
]
SCORES: tuple[str, ...] = get_args(Score)

_WHOLE = re.compile(r"-?\d{1,6}", re.ASCII)

Text = Annotated[str, Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")]
Kind = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$")]
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class Part(BaseModel):
    """Base of every part of a protocol file: strict types, no unknown keys, no change later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Hypothesis(Part):
    """What is expected, and what would speak against it."""

    statement: Text = Field(description="The hypothesis, in one or two sentences.")
    key_contrast: Text = Field(description="The comparison that decides, in words.")
    supports: Text = Field(description="The result that would support the hypothesis.")
    against: Text = Field(description="The result that would count against the hypothesis.")


class Claim(Part):
    """How this protocol bears on one popular claim."""

    variant: Text = Field(description="What is done here, or changed, to test the claim.")
    contrast: Text = Field(description="The key contrast for the claim.")
    supports: Text = Field(description="What would support the claim.")
    against: Text = Field(description="What would count against the claim.")


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
        "{values: [...]} for one of these.",
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


class Capture(Part):
    """What the camera must deliver."""

    fps: float = Field(default=30.0, gt=0, le=240, description="Frames per second asked for.")
    width_px: Count = Field(default=640, description="Width of the picture.")
    height_px: Count = Field(default=480, description="Height of the picture.")
    cameras: int = Field(
        default=1,
        ge=1,
        le=6,
        description="Cameras on one clock; more than one only where people meet (task interact).",
    )
    hidden_purpose: bool = Field(
        default=True,
        description="True: participants learn on the last page that their movements were "
        "measured; false: on the built-in consent page.",
    )
    note: str | None = Field(default=None, description="Light, distance, sound and the like.")


class Compare(Part):
    """A comparison of two levels: `more` is predicted to lie above `less`."""

    factor: Slug = Field(description="'block', 'visit', 'group' or the name of a factor.")
    more: Slug = Field(description="Level predicted to be larger.")
    less: Slug = Field(description="Level predicted to be smaller.")


class Primary(Part):
    """The one planned test of the hypothesis."""

    score: Score = Field(
        description="What is compared between people: one number a person and cell."
    )
    condition: str = Field(description="Condition whose score it is.")
    block: str = Field(description="Block whose trials count.")
    within: Compare | None = Field(
        default=None, description="Difference within persons; null: the score itself against 0."
    )
    between: Compare | None = Field(
        default=None, description="Difference between groups (of the score or of `within`)."
    )
    trait: str | None = Field(
        default=None, description="Correlation with this trait (of the score or of `within`)."
    )
    two_sided: bool = Field(default=True, description="Two-sided test.")
    alpha: float = Field(default=0.05, gt=0, lt=1, description="Level of the test.")
    sesoi_d: float = Field(
        default=0.3, gt=0, le=3, description="Smallest effect of interest, standardised."
    )


class Analysis(Part):
    """The planned analysis."""

    primary: Primary
    secondary: list[Text] = Field(default_factory=list, description="Secondary analyses (Holm).")
    exclusions: list[Text] = Field(
        default_factory=list, description="Who and what is left out, decided beforehand."
    )
    gate: Text = Field(
        default="The pooled sample responds in the watch block and the imitate block, where there "
        "is one, moves the target; otherwise the result is reported as uninformative.",
        description="Condition under which the primary test may be read at all.",
    )


class Effect(Part):
    """A predicted difference: responses are multiplied by `gain` and delayed by `delay_s`."""

    where: dict[str, str] = Field(
        default_factory=dict,
        description="Cells concerned: condition, block, group, visit or factor names; "
        "empty: all cells.",
    )
    gain: float = Field(default=1.0, ge=-10, le=100, description="Factor on the response.")
    delay_s: float = Field(default=0.0, ge=-2, le=2, description="Added to the response latency.")
    trait: str | None = Field(
        default=None, description="The gain then holds per standard deviation of this trait."
    )
    predicted: bool = Field(
        default=False, description="True for the effect that the primary test looks for."
    )


class Prediction(Part):
    """The predicted data, for the simulator. Sizes are guesses unless a source is named."""

    response: dict[str, float] = Field(
        default_factory=dict,
        description="Condition: response of the target units in the watch block, in units of "
        "the standard deviation of single trials (negative: they move the other way). For the "
        "score hit_rate: added probability; for coupling: Fisher z above pseudo-pairs.",
    )
    effects: list[Effect] = Field(default_factory=list, description="Differences between cells.")
    latency_s: float = Field(
        default=0.6, ge=0, le=3, description="Response latency from dynamic onset."
    )
    person_sd: float = Field(
        default=0.25, ge=0, description="SD of the response between people, same units."
    )
    hit_rate: float | None = Field(
        default=None, gt=0, lt=1, description="Chance rate of the event (score hit_rate)."
    )


class Power(Part):
    """How many people it takes."""

    participants: Count = Field(description="People in all (dyads: pairs).")
    note: Text = Field(description="Where the number comes from and what it can detect.")


def _scoring_section() -> type[BaseModel]:
    """Make the scoring section from :class:`ScoringSettings`, so the two cannot drift apart."""
    hints = get_type_hints(ScoringSettings)
    defaults = ScoringSettings(emotions={})
    entries: dict[str, Any] = {}
    for item in fields(ScoringSettings):
        if item.name in {"emotions", "windows"}:
            continue
        default = getattr(defaults, item.name)
        entries[item.name] = (hints[item.name], Field(default=default))
    entries["seed"] = (
        int | None,
        Field(default=None, ge=0, description="Seed of the nulls; null: that of the design."),
    )
    window = tuple[float, float] | None
    entries["windows"] = (
        dict[Slug, window],
        Field(
            default_factory=dict,
            description="Windows that differ from the default ones, or null to drop one.",
        ),
    )
    made: type[BaseModel] = create_model("Scoring", __base__=Part, **entries)
    made.__doc__ = "How trials are scored; times in seconds from the dynamic onset."
    return made


Scoring = _scoring_section()
if TYPE_CHECKING:

    class ScoringSection(Part):
        """What a type checker may know of the made section."""

        windows: dict[str, tuple[float, float] | None] = Field(default_factory=dict)

else:
    ScoringSection = Scoring


class ProtocolFile(Part):
    """A protocol: what is shown, asked, recorded, scored and tested, and where it comes from."""

    name: Slug = Field(description="Name of the protocol, equal to the file's stem.")
    extends: str | None = Field(
        default=None, description="Protocol (name or file) that this one changes."
    )
    title: Text = Field(description="Title in one line.")
    paradigm: Text = Field(description="Id of the published paradigm or claim row; 'own' if none.")
    status: Literal["ready", "simulate-only"] = Field(
        default="ready",
        description="'simulate-only': planned and simulated, but its own analysis does not exist.",
    )
    status_note: str | None = Field(default=None, description="Why it is only simulated.")
    purpose: Text = Field(description="Why one would run this.")
    hypothesis: Hypothesis
    claims: dict[str, Claim] = Field(
        default_factory=dict,
        description="Popular claims (R01 to R47) that this bears on; never inherited.",
    )
    design: Design = Field(default_factory=Design)
    stimuli: Stimuli
    conditions: dict[Slug, Condition] = Field(min_length=1)
    timing: Timing
    blocks: dict[Slug, Block] = Field(min_length=1)
    ratings: dict[Slug, Rating] = Field(default_factory=dict)
    capture: Capture = Field(default_factory=Capture)
    scoring: ScoringSection = Field(default_factory=lambda: ScoringSection())
    analysis: Analysis
    prediction: Prediction
    power: Power
    references: dict[Slug, Text] = Field(
        default_factory=dict, description="Short key: full reference."
    )
    provenance: dict[str, str] = Field(
        description="Where values come from. Key (or the beginning of one, or '*'): 'default', "
        "'memory', or 'source KEY, KEY' with keys of `references`; a remark may follow in "
        "brackets. It holds for the values in this file only, not for inherited ones."
    )
