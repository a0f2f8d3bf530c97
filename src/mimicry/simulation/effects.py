"""How strongly people respond to a stimulus: effects, and groups that differ from them.

An :class:`Effect` says what an average participant of the control group does; a
:class:`Group` says in what a group differs from it. Both are plain data, so a simulated
study can state in a few numbers what its truth is. :mod:`.participants`
draws what a field means for one person, :mod:`.deltas` the same without frames. None of the
groups is a diagnosis: they are the patterns that claims about facial mimicry speak of, as numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

from mimicry.errors import InputError
from mimicry.records.frozen import as_mapping

__all__ = ["EFFECTS", "GROUPS", "Change", "Effect", "Group", "Shape", "named_effect", "parse_group"]

Shape = Literal["stimulus", "slow", "brief"]

_CHANGE = re.compile(r"(gain|delay)\[([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Effect:
    """The response of an average participant at gain 1.

    Parameters
    ----------
    amplitude
        Condition -> action unit -> mean response at the apex, in action-unit units
        (1.0 = the declared reference movement). A negative value is a relaxation.
    mirrored
        A condition without an entry moves what its stimulus moves, by this share of the
        stimulus's own apex. Blinks and the conditions in `still` are never mirrored.
    still
        Conditions that nobody responds to (unless they stand in `amplitude`).
    person_sd
        Condition -> SD of the gain over people; ``"*"`` holds for all others. A gain of 1
        is the mean response, so 1/3 means "mean/SD = 3".
    person_r
        Correlation of one person's gains between conditions (general expressiveness).
    trial_sd
        Action unit -> SD of an extra movement in every trial, whatever the condition, in
        action-unit units; ``"*"`` holds for all others. It rises and falls like a response.
    trial_sd_factor
        Condition -> factor on `trial_sd` in its trials (1 for those not named).
    trial_cv
        Trial-to-trial SD of the response itself, as a share of it.
    clip_sd
        Action unit -> SD over clips of a movement that a clip draws from everybody, whatever
        it shows. It is drawn once for a study
        (:func:`~mimicry.simulation.participants.draw_clip_effects`).
    source
        Where the numbers come from.
    """

    amplitude: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    mirrored: float = 0.25
    still: tuple[str, ...] = ("neutral", "control", "baseline")
    person_sd: Mapping[str, float] = field(default_factory=lambda: {"*": 1 / 3})
    person_r: float = 0.5
    trial_sd: Mapping[str, float] = field(default_factory=lambda: {"*": 0.0})
    trial_sd_factor: Mapping[str, float] = field(default_factory=dict)
    trial_cv: float = 0.3
    clip_sd: Mapping[str, float] = field(default_factory=dict)
    source: str = "default"

    def __post_init__(self) -> None:
        amplitude = {c: as_mapping(v) for c, v in self.amplitude.items()}
        object.__setattr__(self, "amplitude", as_mapping(amplitude))
        for key in ("person_sd", "trial_sd", "trial_sd_factor", "clip_sd"):
            object.__setattr__(self, key, as_mapping(getattr(self, key)))
        if not 0 <= self.person_r <= 1:
            raise ValueError(f"person_r is {self.person_r}, expected 0 to 1")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {key: getattr(self, key) for key in self.__dataclass_fields__}

    def gain_sd(self, condition: str) -> float:
        """Return the SD over people of the gain in one condition."""
        return self.person_sd.get(condition, self.person_sd.get("*", 0.0))

    def extra_sd(self, unit: str) -> float:
        """Return the SD of the condition-independent movement of one action unit."""
        return self.trial_sd.get(unit, self.trial_sd.get("*", 0.0))


@dataclass(frozen=True, slots=True)
class Change:
    """What is different in some of the trials.

    Parameters
    ----------
    where
        Design column -> value; ``condition`` and ``stimulus`` are columns too. A trial is
        concerned when all agree.
    gain
        Factor on the mean gain there.
    delay_s
        Added to the latency there (s).
    trait
        The change holds for one SD of this trait of the person: a person at z has the factor
        ``1 + (gain - 1) * z`` and the delay ``delay_s * z``.
    """

    where: Mapping[str, str]
    gain: float = 1.0
    delay_s: float = 0.0
    trait: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", as_mapping(self.where))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {key: getattr(self, key) for key in ("where", "gain", "delay_s", "trait")}


@dataclass(frozen=True, slots=True)
class Group:
    """In what the people of a group differ from the average participant.

    Parameters
    ----------
    name
        Label in ``participants.tsv``.
    gain
        Factor on the mean response: 1 control, 0.6 forty percent less, 0 none, negative
        reversed. The spread between people stays that of the effect unless `gain_sd` is given.
    gain_sd
        SD of the gain over people; None: that of the effect.
    changes
        Differences in some of the trials; those that concern the same trial are multiplied
        (gains) and added (delays).
    latency_s, latency_sd, trial_latency_sd
        Time from the stimulus's movement to the response (s): mean, SD over people, SD over
        trials of one person. No response starts earlier than 0.1 s after the stimulus.
    shape
        ``"stimulus"``: the response copies the stimulus's own time course; ``"slow"``: it
        takes 1.5 times as long; ``"brief"``: it rises and falls within a second.
    response_probability
        Share of trials with a response at all; the others show only noise.
    nonresponders
        Share of people who never respond.
    habituation
        Share of the response (and of `every_stimulus`) that is lost from the first trial to
        the last, linearly.
    every_stimulus
        Action unit -> movement (action-unit units) made to **every** stimulus alike. It is
        no mimicry: orienting, startle, talking.
    imitate, inhibit
        Factor on the response in trials whose task, block or phase has that name. The former
        acts on the stimulus's own amplitude, the latter on the spontaneous response. None:
        people respond as in any other trial.

    Raises
    ------
    ValueError
        When a share is not within 0 and 1 or a time or SD is negative.
    """

    name: str
    gain: float = 1.0
    gain_sd: float | None = None
    changes: tuple[Change, ...] = ()
    latency_s: float = 0.6
    latency_sd: float = 0.08
    trial_latency_sd: float = 0.1
    shape: Shape = "stimulus"
    response_probability: float = 1.0
    nonresponders: float = 0.0
    habituation: float = 0.0
    every_stimulus: Mapping[str, float] = field(default_factory=dict)
    imitate: float | None = 0.7
    inhibit: float | None = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "every_stimulus", as_mapping(self.every_stimulus))
        for key in ("response_probability", "nonresponders", "habituation"):
            if not 0 <= getattr(self, key) <= 1:
                raise ValueError(f"{key} is {getattr(self, key)}, expected 0 to 1")
        for key in ("latency_s", "latency_sd", "trial_latency_sd"):
            if getattr(self, key) < 0:
                raise ValueError(f"{key} is {getattr(self, key)}, expected 0 or more")
        if self.gain_sd is not None and self.gain_sd < 0:
            raise ValueError(f"gain_sd is {self.gain_sd}, expected 0 or more")
        if self.shape not in get_args(Shape):
            raise ValueError(f"shape is {self.shape!r}, expected {', '.join(get_args(Shape))}")

    @property
    def traits(self) -> list[str]:
        """Names of the traits that the changes depend on, in order."""
        return sorted({c.trait for c in self.changes if c.trait is not None})

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        plain = {key: getattr(self, key) for key in self.__dataclass_fields__}
        return plain | {"changes": [change.to_json() for change in self.changes]}


#: Groups that the literature speaks of, as numbers and without a diagnosis.
GROUPS: Mapping[str, Group] = as_mapping(
    {
        "typical": Group("typical"),
        "lower-gain": Group("lower-gain", gain=0.6),
        "longer-latency": Group("longer-latency", latency_s=0.76),
        "selective": Group(
            "selective",
            changes=(Change({"role": "critic"}, 0.2), Change({"status": "low"}, 0.2)),
        ),
        "reversed": Group("reversed", gain=-0.5),
        "none": Group("none", gain=0.0, gain_sd=0.0),
        "same-to-all": Group(
            "same-to-all", gain=0.0, gain_sd=0.0, every_stimulus={"AU12": 0.2, "AU04": 0.1}
        ),
        "happy-only": Group(
            "happy-only", gain_sd=0.0, changes=(Change({"condition": "angry"}, 0.0),)
        ),
    }
)

#: Effects by name. ``emg`` follows single-trial statistics of an open EMG data set.
EFFECTS: Mapping[str, Effect] = as_mapping(
    {
        "visible": Effect(source="default: a quarter of the stimulus's own movement"),
        # Event means of 74 people (38 with 12, 36 with 4 trials a condition). Happy minus
        # neutral at the zygomaticus: .42 SD of single trials over the whole sample, split-half
        # reliability .72 over those trials; angry minus neutral at the corrugator: .14 SD,
        # reliability .35. The SD of one person's trials is set to .1 units; mean and spread
        # between people follow from these four figures.
        "emg": Effect(
            amplitude={"happy": {"AU12": 0.0501}, "angry": {"AU04": 0.0149}},
            mirrored=0.0,
            person_sd={"happy": 1.836, "angry": 2.82, "*": 0.0},
            person_r=0.0,
            trial_sd={"*": 0.1},
            trial_cv=0.0,
            source="CC0 facial EMG study of Nilsonne and colleagues, event means of 74 people",
        ),
        "none": Effect(mirrored=0.0, source="no response to any stimulus"),
    }
)


def named_effect(name: str) -> Effect:
    """Return one of :data:`EFFECTS`.

    Raises
    ------
    InputError
        When there is none of that name; the names are listed.
    """
    if name not in EFFECTS:
        raise InputError(f"no effect {name!r}; there are {', '.join(EFFECTS)}", key="`effect`")
    return EFFECTS[name]


_NUMBERS = tuple(f.name for f in fields(Group) if f.type in (float, float | None))


def parse_group(text: str) -> Group:
    """Read a group from ``NAME:key=value,key=value``.

    Keys are the numbers of :class:`Group` (``latency`` stands for ``latency_s``), ``shape``,
    ``preset`` (a name of :data:`GROUPS` to start from), and ``gain[COLUMN=VALUE]`` or
    ``delay[COLUMN=VALUE]`` for a factor or a delay in some of the trials
    (``gain[role=critic&condition=happy]``: both must agree). A preset's name without keys
    means that preset.

    Raises
    ------
    InputError
        When a key is unknown or a value cannot be read.

    Examples
    --------
    >>> parse_group("low:gain=0.6,latency=0.7").gain
    0.6
    """
    name, _, listed = text.partition(":")
    name = name.strip()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise _wrong(text, f"a group's name is letters, digits, '-' and '_', not {name!r}")
    pairs = [_pair(text, item) for item in listed.split(",") if item.strip()]
    start = next((v for k, v in pairs if k == "preset"), name if name in GROUPS else "typical")
    if start not in GROUPS:
        raise _wrong(text, f"no preset {start!r}; there are {', '.join(GROUPS)}")
    values: dict[str, Any] = {"name": name}
    changes = list(GROUPS[start].changes)
    for key, value in pairs:
        if match := _CHANGE.fullmatch(key):
            changes.append(_change(text, match, _number(text, key, value)))
        elif key == "shape":
            values["shape"] = value
        elif key != "preset":
            values[_key(text, key)] = _number(text, key, value)
    try:
        return replace(GROUPS[start], changes=tuple(changes), **values)
    except ValueError as error:
        raise _wrong(text, str(error)) from error


def _pair(text: str, item: str) -> tuple[str, str]:
    """Split ``key=value`` at the last ``=``, so that ``gain[role=critic]=0.3`` works."""
    key, equals, value = item.rpartition("=")
    if not equals or not key:
        raise _wrong(text, f"{item.strip()!r} is not key=value")
    return key.strip(), value.strip()


def _change(text: str, match: re.Match[str], value: float) -> Change:
    where = dict(_pair(text, item) for item in match[2].split("&"))
    return Change(where, gain=value) if match[1] == "gain" else Change(where, delay_s=value)


def _key(text: str, key: str) -> str:
    key = "latency_s" if key == "latency" else key
    if key not in _NUMBERS:
        import difflib

        near = difflib.get_close_matches(key, _NUMBERS, n=1)
        known = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_NUMBERS)}"
        raise _wrong(text, f"no key {key!r}; {known}")
    return key


def _number(text: str, key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):
        raise _wrong(text, f"{key} is {value!r}, expected a number")
    return number


def _wrong(text: str, what: str) -> InputError:
    return InputError(
        f"group {text!r}: {what}",
        key="`groups`",
        hint="Write for instance `groups=['low:gain=0.6,latency=0.7']`",
    )
