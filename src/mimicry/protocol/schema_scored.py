"""What a protocol may say about scoring, the planned test and the predicted data."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, cast, get_type_hints

from pydantic import BaseModel, Field, create_model

from mimicry.protocol.schema_shown import Count, Part, Slug, Swap, Text
from mimicry.records import ScoringSettings
from mimicry.scoring.nulls import SECONDARY_NULLS

__all__ = ["Analysis", "Compare", "Effect", "Power", "Prediction", "Primary", "ScoringSection"]

Score = Literal[
    "contrast", "contrast_raw", "contrast_cal", "hit_rate", "latency_shift_s", "rating", "coupling"
]


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
    hints: dict[str, Any] = get_type_hints(ScoringSettings)
    one_of, several = cast("Any", Literal), cast("Any", tuple)
    hints["swap"] = Swap
    hints["secondary_nulls"] = several[one_of[tuple(SECONDARY_NULLS)], ...]
    defaults = ScoringSettings(emotions={})
    handmade = {"emotions", "windows", "swaps", "claim_alpha"}
    names = [f.name for f in fields(ScoringSettings) if f.name not in handmade]
    entries: dict[str, Any] = {n: (hints[n], Field(default=getattr(defaults, n))) for n in names}
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
