"""Expressions and models of the stimulus set, as data.

The recipes follow the action units that the literature usually names for an emotion (EMFACS-type
prototypes: Ekman & Friesen 1983; pain after Prkachin & Solomon 2008, doi
10.1016/j.pain.2008.04.010). Intensities are choices of this package. **Nothing here has been
validated on human observers.**
"""

from dataclasses import dataclass, field

from mimicry.synthetic.head import Identity

__all__ = ["CLIP_S", "KINDS", "MODELS", "ONSET_S", "RECIPES", "RISE_S", "Recipe"]

KINDS = ("dynamic", "static")
ONSET_S, RISE_S, CLIP_S = 0.5, 0.75, 2.5  # a usual moving clip: still, rise, whole length


@dataclass(frozen=True, slots=True)
class Recipe:
    """One expression at its apex.

    Parameters
    ----------
    meaning
        What it is meant to show.
    apex
        Action unit -> intensity at the apex.
    pitch_deg
        Head pitch at the apex (positive: chin up).
    blink
        The movement is a blink instead of a held apex.
    duration_s, rise_s
        Usual length of a clip and of the rise.
    """

    meaning: str
    apex: dict[str, float] = field(default_factory=dict)
    pitch_deg: float = 0.0
    blink: bool = False
    duration_s: float = CLIP_S
    rise_s: float = RISE_S


RECIPES: dict[str, Recipe] = {
    "angry": Recipe(
        "anger", {"AU04": 1.4, "AU05": 0.2, "AU07": 0.6, "AU09": 0.6, "AU17": 0.3, "AU23": 0.7}
    ),
    "disgust": Recipe("disgust", {"AU07": 0.4, "AU09": 0.9, "AU10": 0.7, "AU17": 0.4}),
    "fear": Recipe(
        "fear", {"AU01": 0.9, "AU02": 0.5, "AU04": 0.4, "AU05": 0.8, "AU20": 0.6, "AU25": 0.5}
    ),
    "happy": Recipe("happiness", {"AU06": 0.5, "AU12": 0.8, "AU25": 0.3}),
    "neutral": Recipe("no expression, one blink", blink=True),
    "pain": Recipe(
        "pain", {"AU04": 0.9, "AU06": 0.6, "AU07": 0.7, "AU09": 0.5, "AU10": 0.5, "AU43": 0.35}
    ),
    "pucker": Recipe("no emotion: lip pucker, a control movement", {"AU18": 1.0}),
    "sad": Recipe("sadness", {"AU01": 0.9, "AU04": 0.5, "AU15": 0.8, "AU17": 0.3}),
    "surprise": Recipe("surprise", {"AU01": 1.0, "AU02": 1.0, "AU05": 0.7, "AU26": 0.9}),
    "yawn": Recipe(
        "yawn", {"AU27": 0.75, "AU43": 0.7, "AU04": 0.2}, pitch_deg=6.0, duration_s=5.0, rise_s=1.5
    ),
}

MODELS: dict[str, Identity] = {
    m.name: m
    for m in (
        Identity("f01", "female", "caucasian", 30, 0.12, 103),
        Identity("f02", "female", "african", 36, 0.70, 100),
        Identity("f03", "female", "asian", 27, 0.32, 107),
        Identity("f04", "female", "caucasian", 48, 0.25, 104),
        Identity("m01", "male", "caucasian", 34, 0.22, 105),
        Identity("m02", "male", "african", 30, 0.75, 106),
        Identity("m03", "male", "asian", 38, 0.40, 101),
        Identity("m04", "male", "caucasian", 52, 0.30, 102),
    )
}
