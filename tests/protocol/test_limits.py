"""What a protocol may just say, and what it may just not say."""

import copy
from typing import Any

import numpy as np
import pytest
import yaml

from mimicry.errors import ProtocolError
from mimicry.protocol import Protocol, protocol_from_text
from mimicry.protocol.order import levels_of_faces, run_sequence
from mimicry.protocol.session import Phase, Session, Trial, is_first
from mimicry.protocol.template import template_text

TEMPLATE = yaml.safe_load(template_text("mine"))


def changed(*changes: tuple[str, Any]) -> Protocol:
    """Return the template with values at dotted keys."""
    content = copy.deepcopy(TEMPLATE)
    for key, value in changes:
        *path, last = key.split(".")
        place = content
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return protocol_from_text(yaml.safe_dump(content, sort_keys=False), path="mine.yaml")


def refused(*changes: tuple[str, Any]) -> str:
    with pytest.raises(ProtocolError) as caught:
        changed(*changes)
    assert "mistakes" not in str(caught.value)
    return str(caught.value)


def keys(steps: int, low: str = "no", high: str = "yes") -> tuple[str, Any]:
    question = {"prompt": "?", "low": low, "high": high, "scale": "keys", "steps": steps}
    return ("ratings.q", question)


GROUPS = ("design.groups", {"one": "first", "two": "second"})
BETWEEN = ("analysis.primary.between", {"factor": "group", "more": "one", "less": "two"})
PREDICTED = (
    "prediction.effects",
    [{"where": {"block": "imitate"}, "gain": 2.0, "predicted": True}],
)
FREE = ("design.randomisation", {"max_same_condition": None, "max_same_identity": None})
LIMITS = {
    "a window from the first to the last moment": (
        [("scoring.windows.main", [-1.5, 3.0])], [("scoring.windows.main", [-1.5, 3.01])],
        "scoring.windows.main is [-1.5, 3.01], outside the trial, which runs from -1.5 to 3 s",
    ),
    "a window that begins with the trial": (
        [("scoring.baseline_s", [-1.5, 0])], [("scoring.baseline_s", [-1.51, 0])],
        "scoring.baseline_s is [-1.51, 0], outside the trial",
    ),
    "a window of no length": (
        [("scoring.windows.main", [0.5, 0.51])], [("scoring.windows.main", [0.5, 0.5])],
        "expected start before end",
    ),
    "a baseline up to the onset": (
        [("scoring.baseline_s", [-0.5, 0])], [("scoring.baseline_s", [-0.5, 0.01])],
        "must end before the dynamic onset",
    ),
    "a fit of latencies after the onset": (
        [("scoring.latency_fit_s", [-0.5, 0.1])], [("scoring.latency_fit_s", [-0.5, 0])],
        "must end after the dynamic onset",
    ),
    "three shifts at the least": (
        [("scoring.latency_step_s", 0.75)], [("scoring.latency_step_s", 0.76)],
        "scoring.latency_step_s is 0.76; expected more than 0",
    ),
    "claims R01 to R47": (
        [("claims", {k: {"variant": "a", "contrast": "b", "supports": "c", "against": "d"}
                     for k in ("R01", "R47")})],
        [("claims", {"R48": {"variant": "a", "contrast": "b", "supports": "c", "against": "d"}})],
        "claims.R48: claims are named R01 to R47",
    ),
    "a claim of another letter": (
        [("claims", {})],
        [("claims", {"Q01": {"variant": "a", "contrast": "b", "supports": "c", "against": "d"}})],
        "claims are named R01 to R47",
    ),
    "a comparison of two blocks": (
        [("analysis.primary.within", {"factor": "block", "more": "imitate", "less": "watch"}),
         PREDICTED],
        [("analysis.primary.within", {"factor": "block", "more": "watch", "less": "watch"}),
         PREDICTED],
        "analysis.primary.within compares watch with itself",
    ),
    "groups compared in their own amplitude": (
        [GROUPS, BETWEEN, PREDICTED], [GROUPS, BETWEEN, PREDICTED,
                                       ("analysis.primary.score", "contrast")],
        "hides a group difference in amplitude",
    ),
    "a standardised contrast without groups": (
        [("analysis.primary.score", "contrast")], [("analysis.primary.condition", "neutral")],
        "analysis.primary.condition neutral has no targets to score",
    ),
    "an effect that the test looks for": (
        [GROUPS, BETWEEN, PREDICTED], [GROUPS, BETWEEN],
        "prediction names no effect with 'predicted: true'",
    ),
    "groups or a trait": (
        [("design.traits", {"empathy": "x"}), ("analysis.primary.trait", "empathy"), PREDICTED],
        [("design.traits", {"empathy": "x"}), ("analysis.primary.trait", "empathy"), PREDICTED,
         GROUPS, BETWEEN],
        "analysis.primary names 'between' and 'trait'; choose one",
    ),
    "21 keys": ([keys(21)], [keys(22)], "ratings.q has 22 keys"),
    "keys from 0": (
        [keys(11, "0", "10")], [keys(11, "-5", "5")],
        "ratings.q begins at -5, which no key can say",
    ),
    "as many steps as numbers": (
        [keys(7, "1", "7")], [keys(8, "1", "7")], "goes from 1 to 7, which is not 8 steps",
    ),
    "labels from low to high": (
        [("ratings.q", {**keys(3)[1], "labels": ["no", "so", "yes"]})],
        [("ratings.q", {**keys(3)[1], "labels": ["no", "so", "yea"]})],
        "ratings.q.labels are 3 texts from 'no' to 'yea'",
    ),
    "labels of keys": (
        [("ratings.q", {**keys(2)[1], "labels": ["no", "yes"]})],
        [("ratings.q", {**keys(2)[1], "labels": ["no", "yes"], "scale": "slider"})],
        "ratings.q.labels are for 'scale: keys'",
    ),
    "a question of some blocks": (
        [("ratings.q", {**keys(2)[1], "after": "block", "blocks": ["watch"]})],
        [("ratings.q", {**keys(2)[1], "after": "session", "blocks": ["watch"]})],
        "says nothing about a question after the session",
    ),
    "equal runs": (
        [("blocks.watch.runs", 4)], [("blocks.watch.runs", 5)],
        "blocks.watch: 32 trials cannot be cut into 5 equal runs",
    ),
    "runs that take turns": (
        [("design.block_order", "rotate"), ("blocks.watch.runs", 2)],
        [("design.block_order", "alternate"), ("blocks.watch.runs", 2)],
        "blocks with 1 and 2 runs cannot take turns",
    ),
    "a cue that is seen": (
        [("blocks.watch.cue", "look"), ("timing.cue_s", 0.5)], [("blocks.watch.cue", "look")],
        "blocks.watch.cue is never seen; give timing.cue_s a duration",
    ),
    "faces shared equally": (
        [("design.factors.role", {"assign": "identity", "levels": {"a": {}, "b": {}}})],
        [("design.factors.role", {"assign": "identity", "levels": {"a": {}, "b": {}, "c": {}}})],
        "4 identities cannot be shared equally among 3 levels",
    ),
    "the name of a factor": (
        [("design.factors.place", {"assign": "trial", "levels": {"a": {}, "b": {}}})],
        [("design.factors.run", {"assign": "trial", "levels": {"a": {}, "b": {}}})],
        "design.factors.run: the name is taken",
    ),
    "visits of different file names": (
        [("design.visits", ["pre", "pre-2"])], [("design.visits", ["pre2", "pre-2"])],
        "would share the file name 'pre2'",
    ),
    "5000 trials": (
        [FREE, ("scoring.swap", "free"), ("blocks.watch.repeats", 625)],
        [FREE, ("scoring.swap", "free"), ("blocks.watch.repeats", 626)],
        "blocks.watch has 5008 trials; expected at most 5000",
    ),
    "a reason for a protocol that is only simulated": (
        [("status", "simulate-only"), ("status_note", "why")], [("status", "simulate-only")],
        "needs a status_note",
    ),
    "one camera": (
        [("capture.cameras", 1)], [("capture.cameras", 2)], "one person is filmed by one camera",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_holds_on_both_sides(name: str) -> None:
    good, bad, text = LIMITS[name]
    assert changed(*good).name == "mine"
    assert text in refused(*bad)


def test_the_most_equal_trials_in_a_row_that_an_order_can_have() -> None:
    shown = ("blocks.imitate.conditions", ["happy"])
    assert "expected" not in refused(shown)
    # 8 happy trials and none between: one row of 8
    for limit, good in [(8, True), (7, False)]:
        rows = ("design.randomisation", {"max_same_condition": limit, "max_same_identity": None})
        if good:
            assert changed(shown, rows)
        else:
            assert "8 of 8 trials are of one condition" in refused(shown, rows)
    one_face = ("stimuli.identities", ["m01", "f01"])
    assert changed(one_face)


def test_faces_move_on_by_a_level_a_participant_and_blocks_take_turns() -> None:
    role = {"assign": "identity", "levels": {"a": {}, "b": {}}}
    protocol = changed(("design.factors.role", role))
    for number, letters in [(0, "aabb"), (1, "bbaa"), (2, "aabb")]:
        faces = levels_of_faces(protocol, number)
        assert list(faces) == ["m01", "f01", "m02", "f02"]
        assert [levels["role"] for levels in faces.values()] == list(letters)
    runs = [("blocks.watch.runs", 2), ("blocks.imitate.runs", 2)]
    two = {order: changed(*runs, ("design.block_order", order)) for order in ("fixed", "rotate")}
    two["alternate"] = changed(*runs, ("design.block_order", "alternate"))
    w, i = "watch", "imitate"
    whole, turned = [(w, 1), (w, 2), (i, 1), (i, 2)], [(i, 1), (i, 2), (w, 1), (w, 2)]
    assert run_sequence(two["fixed"], 0) == run_sequence(two["fixed"], 1) == whole
    assert run_sequence(two["rotate"], 0) == run_sequence(two["rotate"], 2) == whole
    assert run_sequence(two["rotate"], 1) == turned
    assert run_sequence(two["alternate"], 0) == [(w, 1), (i, 1), (w, 2), (i, 2)]
    assert run_sequence(two["alternate"], 3) == [(i, 1), (w, 1), (i, 2), (w, 2)]


def test_times_of_a_trial_and_of_a_session() -> None:
    lengths = {"fixation": 1.0, "neutral": 0.5, "rise": 0.75, "apex": 1.25, "fall": 0.5, "blank": 1}
    clock, phases = 0.0, []
    for name, length in lengths.items():
        phases.append(Phase(name, clock, length, ""))
        clock += length
    trial = Trial(
        trial_id="1", block="watch", run=1, task="watch", condition="happy", identity="m01",
        stimulus="h", levels={}, phases=tuple(phases), start_s=10.0, iti_s=2.0,
    )  # fmt: skip
    assert (trial.clip_onset_s, trial.clip_duration_s) == (11.0, 3.0)
    assert (trial.dynamic_onset_s, trial.duration_s) == (11.5, 5.0)
    session = Session("p", "d", "01", "pre", 0, (trial,))
    assert session.duration_s == 17.0
    table = session.trial_table()
    assert (table.onset_s.tolist(), table.duration_s.tolist()) == ([11.0], [3.0])
    assert table.columns == {
        "identity": ("m01",), "block": ("watch",), "run": ("1",), "task": ("watch",),
        "visit": ("pre",),
    }  # fmt: skip
    assert [is_first(s) for s in (None, "1", "01", "0001", "2", "10", "x1", "")] == [
        True, True, True, True, False, False, False, False,
    ]  # fmt: skip


def test_a_session_follows_the_times_of_its_protocol() -> None:
    pauses = ("timing.iti_s", {"values": [5.0, 6.0]})
    rated = ("ratings.q", {**keys(2)[1], "blocks": ["watch"]})
    session = changed(pauses, rated, ("timing.fixation_s", 0.0)).build_session("01")
    first = session.trials[0]
    names = ["neutral", "rise", "apex", "blank", "rating"]
    assert [p.name for p in first.phases] == names
    np.testing.assert_allclose([p.start_s for p in first.phases], [0, 0.5, 1.25, 2.5, 3.5])
    assert first.phases[-1].duration_s == 6.0
    assert {t.iti_s for t in session.trials} == {5.0, 6.0}
    assert [p.name for p in session.trials[-1].phases] == names[:-1]
    limited = ("ratings.q", {**rated[1], "limit_s": 2.5})
    assert changed(limited).build_session("01").trials[0].phases[-1].duration_s == 2.5
    practice = [t for t in session.trials if t.practice]
    assert [t.condition for t in practice] == ["happy", "neutral"]
    assert [len({t.trial_id for t in session.trials}), len(session.scored)] == [50, 48]
