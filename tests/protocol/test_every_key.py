"""Every key of a protocol changes something: a key that is accepted and ignored is a lie.

For each key of the schema there is a changed value, and the thing that has to change with it.
A new key that is not listed here, or that changes nothing, fails.
"""

import copy
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from mimicry.analyses.power import planned_power
from mimicry.analyses.prereg import freeze, render_prereg
from mimicry.errors import ProtocolError
from mimicry.protocol import Protocol, protocol_from_text
from mimicry.protocol.preview import preview_page, session_of
from mimicry.protocol.schema import ProtocolFile
from mimicry.protocol.show import resolved_text
from mimicry.protocol.template import template_text
from mimicry.runner.from_protocol import plan_session
from mimicry.simulation.recordings import predicted

BASE = yaml.safe_load(template_text("mine"))
BASE["extends"] = None
BASE["status_note"] = "because"
BASE["claims"] = {"R01": {"variant": "V1.", "contrast": "C1.", "supports": "S1.", "against": "A1."}}
BASE["design"] |= {
    "groups": {"one": "first people", "two": "second people"},
    "traits": {"empathy": "a questionnaire"},
    "visits": ["pre", "post"],
    "factors": {
        "label": {
            "assign": "trial",
            "note": "how",
            "levels": {
                "a": {"cue": "left", "note": "one side", "timing": {"cue_s": 0.5}},
                "b": {"timing": {"cue_s": 0.5}},
            },
        }
    },
    "randomisation": {"max_same_condition": 2, "max_same_identity": 2},
}
BASE["blocks"]["watch"] |= {"repeats": 3, "practice": 1, "runs": 2, "cue": "look", "break_s": 20}
BASE["blocks"]["imitate"] |= {"conditions": ["happy", "neutral"]}
BASE["timing"] |= {"cue_s": 0.25, "iti_s": {"low": 0.5, "high": 1.0, "values": []}}
BASE["ratings"] = {
    "warm": {
        "prompt": "Warm?",
        "scale": "keys",
        "low": "not",
        "high": "very",
        "steps": 3,
        "labels": ["not", "some", "very"],
        "after": "trial",
        "blocks": ["watch"],
        "limit_s": 5.0,
    }
}
BASE["analysis"]["primary"] |= {
    "within": {"factor": "block", "more": "imitate", "less": "watch"},
    "between": {"factor": "group", "more": "one", "less": "two"},
}
BASE["analysis"]["secondary"] = ["another comparison"]
BASE["prediction"] = {
    "response": {"happy": 0.4, "neutral": 0.0},
    "effects": [
        {"where": {"block": "imitate"}, "gain": 3.0, "delay_s": 0.1},
        {"where": {"group": "two"}, "gain": 0.5, "predicted": True},
    ],
    "latency_s": 0.6,
    "person_sd": 0.25,
}
BASE["references"] = {"smith": "Smith 2019"}
BASE["provenance"] = {"*": "default", "timing": "source smith"}


def of(content: dict[str, Any]) -> Protocol:
    kept = {k: v for k, v in content.items() if v is not None}
    return protocol_from_text(yaml.safe_dump(kept, sort_keys=False), path="mine.yaml")


# ---------------------------------------------------------------- what can change


def session(protocol: Protocol) -> Any:
    """What participants meet: every page, phase, question, the camera, the last words."""
    visit = next(iter(protocol.file.design.visits), None)
    plan = plan_session(protocol, "01", visit=visit, render=False).to_json()
    del plan["protocol"], plan["protocol_digest"], plan["task"], plan["stimuli"]
    return plan


def names(protocol: Protocol) -> Any:
    """What the study's files are called, and which protocol they name."""
    plan = plan_session(protocol, "01", visit=protocol.file.design.visits[0], render=False)
    return plan.prefix, plan.session


def trials(protocol: Protocol) -> Any:
    return session_of(protocol, "01").trials


def settings(protocol: Protocol) -> Any:
    return protocol.scoring_settings()


def events(protocol: Protocol) -> Any:
    """What the events of a recording are compared with."""
    return protocol.emotions()


def people(protocol: Protocol) -> Any:
    """What the simulator makes of the prediction."""
    return predicted(protocol)


def power(protocol: Protocol) -> Any:
    return planned_power(protocol, participants=6, studies=30)


def plan_power(protocol: Protocol) -> Any:
    return planned_power(protocol, studies=5)


def page(protocol: Protocol) -> Any:
    """The page of `protocol preview`, for people."""
    return without_digests(preview_page(protocol, session_of(protocol, "01")))


def prereg(protocol: Protocol) -> Any:
    return without_digests(render_prereg(freeze(protocol)))


def shown(protocol: Protocol) -> Any:
    """What `protocol show` says of the origin of values."""
    return re.sub(r"# digest.*", "", resolved_text(protocol))


def refused(protocol: Protocol) -> Any:
    raise AssertionError("this key is refused, so nothing comes so far")


def without_digests(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{64}\b", "", text)


Effect = Callable[[Protocol], Any]
WHO = "analysis.primary"
FIRST = "prediction.effects.0"
LABEL = "design.factors.label"
WARM = "ratings.warm"

# key of the schema: (where in BASE, changed value, what has to change)
CHANGES: dict[str, tuple[str, Any, Effect]] = {
    "name": ("name", "other", refused),
    "extends": ("extends", "no-such-protocol", refused),
    "title": ("title", "Another title", page),
    "paradigm": ("paradigm", "P99", page),
    "status": ("status", "simulate-only", page),
    "purpose": ("purpose", "Another purpose.", page),
    "hypothesis.statement": ("hypothesis.statement", "Another.", prereg),
    "hypothesis.key_contrast": ("hypothesis.key_contrast", "Another.", prereg),
    "hypothesis.supports": ("hypothesis.supports", "Another.", prereg),
    "hypothesis.against": ("hypothesis.against", "Another.", prereg),
    "claims.*.variant": ("claims.R01.variant", "V2.", page),
    "claims.*.contrast": ("claims.R01.contrast", "C2.", page),
    "claims.*.supports": ("claims.R01.supports", "S2.", page),
    "claims.*.against": ("claims.R01.against", "A2.", page),
    "design.groups.*": ("design.groups.three", "third people", people),
    "design.traits.*": ("design.traits.empathy", "another questionnaire", page),
    "design.visits": ("design.visits", ["first", "second"], names),
    "design.factors.*.levels.*.kind": (f"{LABEL}.levels.a.kind", "dynamic-i50", trials),
    "design.factors.*.levels.*.cue": (f"{LABEL}.levels.a.cue", "up", session),
    "design.factors.*.levels.*.timing.*": (f"{LABEL}.levels.a.timing.cue_s", 0.75, session),
    "design.factors.*.levels.*.note": (f"{LABEL}.levels.a.note", "another side", page),
    "design.factors.*.assign": (f"{LABEL}.assign", "identity", trials),
    "design.factors.*.note": (f"{LABEL}.note", "otherwise", page),
    "design.block_order": ("design.block_order", "rotate", session),
    "design.randomisation.max_same_condition": (
        "design.randomisation.max_same_condition",
        1,
        trials,
    ),
    "design.randomisation.max_same_identity": ("design.randomisation.max_same_identity", 1, trials),
    "design.seed": ("design.seed", 99, trials),
    "stimuli.pattern": ("stimuli.pattern", "{identity}-{kind}", refused),
    "stimuli.identities": ("stimuli.identities", ["m01", "f01"], trials),
    "stimuli.kind": ("stimuli.kind", "dynamic-i50", trials),
    "stimuli.manifest": ("stimuli.manifest", "nowhere.json", refused),
    "stimuli.note": ("stimuli.note", "from a drawer", page),
    "conditions.*.emotion": ("conditions.happy.emotion", "sad", trials),
    "conditions.*.targets": ("conditions.happy.targets", ["AU06"], settings),
    "conditions.*.opponents": ("conditions.happy.opponents", ["AU09"], settings),
    "conditions.*.valence": ("conditions.happy.valence", "negative", settings),
    "conditions.*.any_emotion": ("conditions.happy.any_emotion", True, events),
    "timing.fixation_s": ("timing.fixation_s", 1.25, session),
    "timing.cue_s": ("timing.cue_s", 0, refused),
    "timing.neutral_s": ("timing.neutral_s", 0.25, refused),
    "timing.rise_s": ("timing.rise_s", 0.25, refused),
    "timing.apex_s": ("timing.apex_s", 0.25, refused),
    "timing.fall_s": ("timing.fall_s", 0.25, refused),
    "timing.blank_s": ("timing.blank_s", 1.25, session),
    "timing.iti_s.low": ("timing.iti_s.low", 0.25, session),
    "timing.iti_s.high": ("timing.iti_s.high", 1.25, session),
    "timing.iti_s.values": ("timing.iti_s", {"values": [0.5, 1.0]}, session),
    "blocks.*.task": ("blocks.watch.task", "infer", trials),
    "blocks.*.instruction": ("blocks.watch.instruction", "Look.", session),
    "blocks.*.cue": ("blocks.watch.cue", "stare", session),
    "blocks.*.conditions": ("blocks.imitate.conditions", ["happy"], refused),
    "blocks.*.repeats": ("blocks.watch.repeats", 4, trials),
    "blocks.*.swap": ("blocks.watch.swap", "pairs", settings),
    "blocks.*.runs": ("blocks.watch.runs", 3, session),
    "blocks.*.practice": ("blocks.watch.practice", 2, session),
    "blocks.*.break_s": ("blocks.watch.break_s", 40, session),
    "ratings.*.prompt": (f"{WARM}.prompt", "Cold?", session),
    "ratings.*.scale": (f"{WARM}.scale", "slider", refused),
    "ratings.*.low": (f"{WARM}.low", "none", refused),
    "ratings.*.high": (f"{WARM}.high", "much", refused),
    "ratings.*.steps": (f"{WARM}.steps", 4, refused),
    "ratings.*.labels": (f"{WARM}.labels", ["not", "medium", "very"], session),
    "ratings.*.after": (f"{WARM}.after", "block", session),
    "ratings.*.blocks": (f"{WARM}.blocks", ["imitate"], session),
    "ratings.*.limit_s": (f"{WARM}.limit_s", 7.0, session),
    "capture.fps": ("capture.fps", 60, session),
    "capture.width_px": ("capture.width_px", 1280, session),
    "capture.height_px": ("capture.height_px", 720, session),
    "capture.cameras": ("capture.cameras", 2, refused),
    "capture.hidden_purpose": ("capture.hidden_purpose", False, session),
    "capture.note": ("capture.note", "a dim room", page),
    "scoring.windows.*": ("scoring.windows.main", [0.5, 2.0], settings),
    f"{WHO}.score": (f"{WHO}.score", "hit_rate", power),
    f"{WHO}.condition": (f"{WHO}.condition", "neutral", refused),
    f"{WHO}.block": (f"{WHO}.block", "imitate", prereg),
    f"{WHO}.within.factor": (f"{WHO}.within.factor", "visit", refused),
    f"{WHO}.within.more": (f"{WHO}.within.more", "watch", refused),
    f"{WHO}.within.less": (f"{WHO}.within.less", "imitate", refused),
    f"{WHO}.between.factor": (f"{WHO}.between.factor", "visit", refused),
    f"{WHO}.between.more": (f"{WHO}.between.more", "two", refused),
    f"{WHO}.between.less": (f"{WHO}.between.less", "one", refused),
    f"{WHO}.trait": (f"{WHO}.trait", "empathy", refused),
    f"{WHO}.two_sided": (f"{WHO}.two_sided", False, power),
    f"{WHO}.alpha": (f"{WHO}.alpha", 0.6, power),
    f"{WHO}.sesoi_d": (f"{WHO}.sesoi_d", 0.4, prereg),
    "analysis.secondary": ("analysis.secondary", ["a third one"], prereg),
    "analysis.exclusions": ("analysis.exclusions", ["nobody"], prereg),
    "analysis.gate": ("analysis.gate", "Always.", prereg),
    "prediction.response.*": ("prediction.response.happy", 0.8, people),
    "prediction.effects.*.where.*": (f"{FIRST}.where.block", "watch", people),
    "prediction.effects.*.gain": (f"{FIRST}.gain", 4.0, people),
    "prediction.effects.*.delay_s": (f"{FIRST}.delay_s", 0.2, people),
    "prediction.effects.*.trait": (f"{FIRST}.trait", "empathy", people),
    "prediction.effects.*.predicted": ("prediction.effects.1.predicted", False, refused),
    "prediction.latency_s": ("prediction.latency_s", 0.9, people),
    "prediction.person_sd": ("prediction.person_sd", 0.5, people),
    "power.participants": ("power.participants", 80, plan_power),
    "power.note": ("power.note", "A guess.", prereg),
    "references.*": ("references.smith", "Smith 2020", page),
    "provenance.*": ("provenance.timing", "memory", shown),
    "scoring.reference": ("scoring.reference", "valence", refused),
    "scoring.neutral_condition": ("scoring.neutral_condition", "happy", refused),
    "scoring.swap": ("scoring.swap", "clip", settings),
    "scoring.primary_window": ("scoring.primary_window", "early", settings),
    "scoring.baseline_s": ("scoring.baseline_s", [-0.4, 0], settings),
    "scoring.correlation_s": ("scoring.correlation_s", [0.0, 2.0], settings),
    "scoring.event_search_s": ("scoring.event_search_s", [0.3, 1.5], settings),
    "scoring.latency_fit_s": ("scoring.latency_fit_s", [0.1, 2.0], settings),
    "scoring.lags_s": ("scoring.lags_s", [-1.5, 1.5], settings),
    "scoring.seed": ("scoring.seed", 7, settings),
    "scoring.two_sided": ("scoring.two_sided", False, settings),
    "scoring.secondary_nulls": ("scoring.secondary_nulls", ["circular-shift"], settings),
}

# keys whose effect needs another protocol around them
APART = {
    "status_note": "test_a_status_needs_its_note",
    "prediction.hit_rate": "test_the_chance_rate_of_an_event_changes_the_power",
}


def schema_keys(kind: Any = ProtocolFile, path: str = "") -> Iterator[str]:
    """Yield every leaf of the schema; '*' is a name or number that the author chooses."""
    parts = typing.get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            yield from schema_keys(field.annotation, f"{path}.{name}".strip("."))
    elif typing.get_origin(kind) is dict:
        yield from schema_keys(parts[1], f"{path}.*")
    elif typing.get_origin(kind) is list and _model(parts[0]):
        yield from schema_keys(parts[0], f"{path}.*")
    elif models := [p for p in parts if _model(p)]:
        yield from schema_keys(models[0], path)
    else:
        yield path


def _model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def put(content: dict[str, Any], where: str, value: Any) -> dict[str, Any]:
    content = copy.deepcopy(content)
    *way, last = where.split(".")
    here: Any = content
    for part in way:
        here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
    here[last] = value
    return content


KEYS = list(schema_keys())
GENERIC = [k for k in KEYS if k.startswith("scoring.") and k not in CHANGES]


@pytest.fixture(scope="module")
def base() -> Protocol:
    return of(BASE)


def test_every_key_is_listed() -> None:
    listed = {*CHANGES, *APART, *GENERIC}
    assert set(KEYS) - listed == set()
    assert listed - set(KEYS) == set()


@pytest.mark.parametrize("key", list(CHANGES))
def test_a_changed_value_changes_something(key: str, base: Protocol) -> None:
    where, value, effect = CHANGES[key]
    changed = put(BASE, where, value)
    if effect is refused:
        with pytest.raises(ProtocolError) as caught:
            of(changed)
        assert "line" in str(caught.value)
        return
    assert effect(of(changed)) != effect(base)


@pytest.mark.parametrize("key", GENERIC)
def test_a_changed_setting_reaches_scoring(key: str, base: Protocol) -> None:
    name = key.partition(".")[2]
    old = getattr(base.scoring_settings(), name)
    value: Any = old + "x" if isinstance(old, str) else old * 1.1
    if isinstance(old, int):
        value = old + 1
    if not isinstance(old, str) and old <= 1 and isinstance(old, float):
        value = old * 0.9
    changed = of(put(BASE, key, value)).scoring_settings()
    assert getattr(changed, name) == value


def test_a_status_needs_its_note() -> None:
    simulated = put(BASE, "status", "simulate-only")
    assert page(of(simulated)) != page(of(put(simulated, "status_note", "for another reason")))
    with pytest.raises(ProtocolError, match="needs a status_note"):
        of(put(simulated, "status_note", None))


def test_the_chance_rate_of_an_event_changes_the_power() -> None:
    hits = put(BASE, "analysis.primary.score", "hit_rate")
    some, many = (power(of(put(hits, "prediction.hit_rate", rate))) for rate in (0.1, 0.5))
    assert some != many
