"""Sessions: complete, within their limits, counterbalanced, repeatable."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mimicry.errors import ProtocolError
from mimicry.kernels.orders import longest_run
from mimicry.protocol import Protocol, load_protocol, protocol_from_text

HOUSE = "dynamic-happy-angry"
ROLES = """
design:
  factors:
    role: {assign: identity, levels: {admirer: {}, critic: {}}}
    motion: {assign: trial, levels: {moving: {kind: dynamic},
      still: {kind: static, timing: {neutral_s: 0, rise_s: 0, apex_s: 2.5}}}}
"""


def changed(text: str) -> Protocol:
    head = f"name: mine\nextends: {HOUSE}\nprovenance: {{'*': default}}\n"
    return protocol_from_text(head + text, path="mine.yaml")


@pytest.fixture(scope="module")
def house() -> Protocol:
    return load_protocol(HOUSE)


def test_every_cell_is_shown_equally_often(house: Protocol) -> None:
    trials = [t for t in house.build_session("01").scored if t.block == "watch"]
    counts = Counter((t.condition, t.identity) for t in trials)
    assert set(counts.values()) == {3}
    assert len(counts) == 24


def test_orders_keep_their_limits(house: Protocol) -> None:
    for participant in ("01", "02", "03"):
        trials = [t for t in house.build_session(participant).scored if t.block == "watch"]
        assert longest_run([t.condition for t in trials]) <= 2
        assert longest_run([t.identity for t in trials]) == 1


def test_the_same_participant_gets_the_same_session_and_another_one_another(
    house: Protocol,
) -> None:
    one = house.build_session("01")
    assert one == house.build_session("01")
    assert one.trials != house.build_session("02").trials
    assert one.trials != house.build_session("01", seed=5).trials


def test_phases_follow_one_another_without_a_gap(house: Protocol) -> None:
    session = house.build_session("01")
    for trial in session.trials:
        clock = 0.0
        for phase in trial.phases:
            assert phase.start_s == pytest.approx(clock)
            clock += phase.duration_s
        assert [p.name for p in trial.phases] == ["fixation", "neutral", "rise", "apex", "blank"]
        assert trial.dynamic_onset_s == pytest.approx(trial.start_s + 1.5)
        assert trial.clip_duration_s == pytest.approx(2.5)
    starts = np.array([t.start_s for t in session.trials])
    ends = np.array([t.start_s + t.duration_s + t.iti_s for t in session.trials])
    assert (starts[1:] >= ends[:-1] - 1e-9).all()


def test_pauses_are_jittered_within_their_range(house: Protocol) -> None:
    pauses = np.array([t.iti_s for t in house.build_session("01").trials])
    assert pauses.min() >= 2.5
    assert pauses.max() <= 4.0
    assert pauses.std() > 0.3


def test_the_trial_table_leaves_practice_out(house: Protocol) -> None:
    session = house.build_session("01")
    table = session.trial_table()
    assert len(session.trials) == len(table) + 5
    assert table.columns["block"][0] == "watch"
    assert table.onset_s[0] == pytest.approx(session.scored[0].start_s + 1.0)


def test_roles_of_faces_change_over_participants_and_are_balanced() -> None:
    protocol = changed(ROLES)
    one, two = (protocol.build_session(p) for p in ("01", "02"))
    for session in (one, two):
        roles = Counter(level["role"] for level in session.assigned.values())
        assert roles == {"admirer": 4, "critic": 4}
    assert all(one.assigned[i] != two.assigned[i] for i in one.assigned)


def test_a_level_changes_stimulus_and_timing() -> None:
    session = changed(ROLES).build_session("01")
    still = next(t for t in session.scored if t.levels["motion"] == "still")
    moving = next(t for t in session.scored if t.levels["motion"] == "moving")
    assert still.stimulus.endswith("-static")
    assert still.dynamic_onset_s == still.clip_onset_s
    assert moving.stimulus.endswith("-dynamic")
    assert moving.dynamic_onset_s == pytest.approx(moving.clip_onset_s + 0.5)


def test_blocks_rotate_and_runs_alternate() -> None:
    rotating = changed("design: {block_order: rotate}\n")
    firsts = {rotating.build_session(f"{k:02d}").trials[0].block for k in range(3)}
    assert firsts == {"watch", "imitate", "inhibit"}
    runs = "blocks: {watch: {runs: 4, repeats: 1}, imitate: {runs: 4}, inhibit: null}\n"
    session = changed("design: {block_order: alternate}\n" + runs).build_session("02")
    order = list(dict.fromkeys((t.block, t.run) for t in session.scored))
    assert order == [(b, r) for r in range(1, 5) for b in ("watch", "imitate")]


def test_a_question_after_each_trial_takes_its_time() -> None:
    rating = "{prompt: 'How do you feel?', low: bad, high: good, limit_s: 4, blocks: [watch]}"
    session = changed(f"ratings: {{mood: {rating}}}\n").build_session("01")
    last = session.trials[0].phases[-1]
    assert (last.name, last.text, last.duration_s) == ("rating", "mood", 4.0)
    assert session.trials[-1].phases[-1].name == "blank"


def test_visits_must_be_named(tmp_path: Path) -> None:
    protocol = changed("design: {visits: [pre, post]}\n")
    with pytest.raises(ProtocolError, match="several visits, and none was named: pre, post"):
        protocol.build_session("01")
    with pytest.raises(ProtocolError, match="'first' is not in the protocol mine; known: pre, po"):
        protocol.build_session("01", visit="first")
    pre, post = (protocol.build_session("01", visit=v) for v in ("pre", "post"))
    assert [t.stimulus for t in pre.trials] != [t.stimulus for t in post.trials]


def test_redrawn_orders_keep_the_limits_of_the_session(house: Protocol) -> None:
    redraw = house.redraw("watch")
    rng = np.random.default_rng(3)
    orders = [redraw(rng) for _ in range(20)]
    shown = [t.condition for t in house.build_session("01").scored if t.block == "watch"]
    assert all(Counter(order) == Counter(shown) for order in orders)
    assert max(longest_run(order) for order in orders) == 2
    again = np.random.default_rng(3)
    assert [house.redraw("watch")(again) for _ in range(1)] == orders[:1]
    assert redraw(np.random.default_rng(3)) == orders[0]


@pytest.mark.parametrize("limits", ["", "max_same_condition: 1, ", "max_same_condition: 3, "])
def test_two_faces_in_turn_can_be_built_for_everybody(limits: str) -> None:
    protocol = changed(
        f"design: {{randomisation: {{{limits}max_same_identity: 1}}}}\n"
        "stimuli: {identities: [m01, f01]}\n"
        "blocks: {watch: {repeats: 3}, imitate: null, inhibit: null}\n"
    )
    firsts = set()
    for number in range(40):
        trials = protocol.build_session(f"{number:02d}").scored
        assert longest_run([t.identity for t in trials]) == 1
        assert set(Counter((t.condition, t.identity) for t in trials).values()) == {3}
        firsts.add(trials[0].identity)
    assert firsts == {"m01", "f01"}


def test_many_repeats_of_three_conditions_have_an_order() -> None:
    protocol = changed(
        "stimuli: {identities: [m01, f01, m02, f02, m03, f03]}\n"
        "blocks: {watch: {repeats: 16}, imitate: null, inhibit: null}\n"
    )
    trials = protocol.build_session("01").scored
    assert len(trials) == 288
    assert longest_run([t.condition for t in trials]) == 2
    assert longest_run([t.identity for t in trials]) == 1
    assert len(protocol.redraw("watch")(np.random.default_rng(1))) == 288


def test_limits_that_exclude_each_other_are_refused_at_once() -> None:
    with pytest.raises(ProtocolError, match="found no order of 2 conditions and 2 faces"):
        changed(
            "design: {randomisation: {max_same_condition: 1, max_same_identity: 1}}\n"
            "stimuli: {identities: [m01, f01]}\n"
            "blocks: {watch: {conditions: [happy, neutral]}, imitate: null, inhibit: null}\n"
        )


def test_a_block_of_a_hundred_thousand_trials_is_refused() -> None:
    with pytest.raises(ProtocolError, match="240000 trials; expected at most 5000"):
        changed("blocks: {watch: {repeats: 10000}, imitate: null, inhibit: null}\n")


def test_an_order_of_another_program_can_be_redrawn(house: Protocol) -> None:
    shown = ["happy"] * 7 + ["neutral", "angry"]  # no order of these keeps the limit of two
    order = house.redraw("watch", shown)(np.random.default_rng(1))
    assert Counter(order) == Counter(shown)
    kept = ["happy", "happy", "neutral", "angry"] * 3
    assert house.redraw("watch", kept).limit == 2
