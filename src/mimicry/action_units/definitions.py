"""The action units, as data.

Each :class:`ActionUnit` says what is measured, from which landmarks, in which unit, on whose
authority, and how far it can be trusted. Formulas are weighted sums of the measures of
``measures.MEASURES``, taken as change from the person's neutral face.

Validity tiers: **A** agrees well with other tools on real faces; **B** moderately; **C** weak
or experimental. All tiers describe *movement estimates*: none is FACS coding, and agreement
with certified coders or EMG has not been shown.
"""

from dataclasses import dataclass
from typing import Literal

from mimicry.action_units.measures import MEASURES

__all__ = ["ACTION_UNITS", "DEAD_BLENDSHAPES", "NAMES", "SIDED_NAMES", "ActionUnit", "columns"]

Tier = Literal["A", "B", "C"]

_FORMULA = "landmark formula after agreement with OpenFace 2 on real clips (docs/validity.md)"
_RENDERED = "own formula; shown on rendered heads only"

# Scores of MediaPipe's blendshape network that stay at zero whatever the face does: cheek,
# nostril and nasal-ala landmarks are not among its inputs. Kept as columns, never used.
DEAD_BLENDSHAPES = (
    "_neutral", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "jawForward",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One action unit.

    Parameters
    ----------
    code, name
        ``"AU12"`` and the muscle action in FACS terms.
    formula
        (measure, weight) pairs; a measure without side in a sided unit stands for both sides'
        own (``"cheek"``), one that exists once (``"jaw"``) for itself.
    full
        Change of the formula, in outer-eye-corner distances, that makes 1.0: the declared
        reference movement.
    tier
        Validity tier.
    unmixed_with
        Further measures that may enter to take other units' movements out.
    sided
        Whether ``_L`` and ``_R`` columns exist; the unit itself is then their mean.
    source
        Where the formula comes from.
    note
        What a reader must know before using it.
    """

    code: str
    name: str
    formula: tuple[tuple[str, float], ...]
    full: float
    tier: Tier
    sided: bool = True
    unmixed_with: tuple[str, ...] = ()
    source: str = _FORMULA
    note: str = ""

    @property
    def landmarks(self) -> tuple[int, ...]:
        """Return every landmark that the formula and its unmixing read."""
        stems = {name for name, _ in self.formula} | set(self.unmixed_with)
        used = [m for m in MEASURES if m.name in stems or m.name[:-2] in stems]
        return tuple(sorted({k for m in used for k in (*m.points, *m.against)}))

    @property
    def unit(self) -> str:
        """Return what 1.0 means."""
        return (
            f"1.0 = {100 * self.full:.3g} % of the outer-eye-corner distance (33-263), "
            "a full expression of the rendered reference head"
        )


ACTION_UNITS: tuple[ActionUnit, ...] = (
    ActionUnit(
        "AU01", "Inner brow raiser", (("brow_inner", 1.0),), 0.0373, "B",
        unmixed_with=("brow_gap", "brow_outer", "corner_rise", "jaw"),
    ),
    ActionUnit(
        "AU02", "Outer brow raiser", (("brow_outer", 1.0),), 0.0302, "B",
        unmixed_with=("brow_gap", "brow_inner", "corner_rise"),
    ),
    ActionUnit(
        "AU04", "Brow lowerer", (("brow_low", -1.0), ("brow_gap", -0.5)), 0.0546, "B",
        unmixed_with=("brow_outer", "corner_rise"),
        note="needs its knit term (the gap between the brows): brows raised and knitted "
        "together are not lowered",
    ),
    ActionUnit(
        "AU05", "Upper lid raiser", (("lid_upper", 1.0),), 0.0271, "C",
        unmixed_with=("brow_low",), note="ends at -0.25: a closing lid is AU43/AU45",
    ),
    ActionUnit(
        "AU06", "Cheek raiser (smile-linked)", (("cheek", 1.0),), 0.0325, "C",
        note="a stated, not unmixed measure; carries nothing beyond AU12 on real faces and is "
        "no marker of a felt smile; 1.0 is the cheek raise of a full smile",
    ),
    ActionUnit(
        "AU07", "Lid tightener", (("lid_lower", 1.0),), 0.0112, "B", unmixed_with=("lid_upper",),
    ),
    ActionUnit(
        "AU09", "Nose wrinkler", (("nose_wing", 1.0), ("brow_low", -0.4)), 0.0221, "C",
        unmixed_with=("corner_rise",),
    ),
    ActionUnit(
        "AU10", "Upper lip raiser", (("lip_upper", 1.0), ("nose_wing", 0.27)), 0.0387, "B",
        unmixed_with=("corner_rise", "lip_gap", "jaw", "lip_red"),
    ),
    ActionUnit(
        "AU12", "Lip corner puller",
        (("corner_rise", 1.0), ("corner_out", 0.68), ("corner_up", 1.5)), 0.3115, "A",
        unmixed_with=("jaw", "lip_depth"),
        note="corners counted from the eyes and from the lips, so that an opening jaw, which "
        "lowers both, does not read as a negative smile",
    ),
    ActionUnit(
        "AU14", "Dimpler", (("corner_out", 1.0), ("corner_depth", -1.0)), 0.0967, "C",
        unmixed_with=("corner_rise", "corner_up", "lip_depth", "lip_red"), source=_RENDERED,
    ),
    ActionUnit(
        "AU15", "Lip corner depressor", (("corner_up", -1.0),), 0.0376, "C",
        unmixed_with=("corner_rise", "corner_out", "corner_depth", "chin", "jaw", "lip_gap"),
    ),
    ActionUnit(
        "AU17", "Chin raiser", (("chin", 1.0),), 0.0426, "C", sided=False,
        unmixed_with=("corner_rise", "lip_upper", "lip_gap", "jaw", "corner_up"),
    ),
    ActionUnit(
        "AU18", "Lip pucker", (("corner_out", -1.0),), 0.0390, "C", sided=False,
        unmixed_with=("corner_rise", "corner_depth", "lip_depth", "lip_red"), source=_RENDERED,
    ),
    ActionUnit(
        "AU20", "Lip stretcher", (("corner_out", 1.0),), 0.0378, "C",
        unmixed_with=("corner_rise", "corner_depth", "corner_up"), source=_RENDERED,
    ),
    ActionUnit(
        "AU23", "Lip tightener", (("lip_red", -1.0),), 0.0336, "C", sided=False,
        unmixed_with=("lip_gap", "lip_upper", "corner_out", "corner_rise"), source=_RENDERED,
    ),
    ActionUnit(
        "AU25", "Lips part", (("lip_gap", 1.0),), 0.0846, "A", sided=False,
        note="whatever parts them: a dropped jaw or a raised upper lip parts them as well",
    ),
    ActionUnit(
        "AU26", "Jaw drop", (("jaw", -1.0),), 0.0547, "A", sided=False,
        unmixed_with=("eye_open", "brow_low"),
    ),
    ActionUnit(
        "AU43", "Eyes closed", (("eye_open", -1.0),), 0.0749, "A",
        note="slow part of lid closure: what is left after blinks are taken out",
    ),
    ActionUnit(
        "AU45", "Blink", (("eye_open", -1.0),), 0.0749, "A",
        note="fast part of lid closure: AU43 + AU45 is the closure itself",
    ),
)  # fmt: skip

NAMES: tuple[str, ...] = tuple(unit.code for unit in ACTION_UNITS)
SIDED_NAMES: tuple[str, ...] = tuple(
    f"{unit.code}_{side}" for unit in ACTION_UNITS if unit.sided for side in ("L", "R")
)


def columns() -> tuple[str, ...]:
    """Return the names of all intensity columns, in the order of the table."""
    return NAMES + SIDED_NAMES
