"""The kinds of values in a protocol file, and the base of its parts."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Count", "Kind", "Part", "Seconds", "Slug", "Text"]

Text = Annotated[str, Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")]
Kind = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$")]
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class Part(BaseModel):
    """Base of every part of a protocol file: strict types, no unknown keys, no change later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
