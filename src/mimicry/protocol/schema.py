"""What a protocol file may say. Unknown keys are refused; every key is described here.

The descriptions are the reference for authors: the exported JSON Schema carries them, so an
editor shows them while one types.
"""

from typing import Literal

from pydantic import Field

from mimicry.protocol.schema_scored import Analysis, Power, Prediction, ScoringSection
from mimicry.protocol.schema_shown import (
    Block,
    Condition,
    Count,
    Design,
    Part,
    Rating,
    Slug,
    Stimuli,
    Text,
    Timing,
)

__all__ = ["Capture", "Claim", "Hypothesis", "ProtocolFile"]


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
