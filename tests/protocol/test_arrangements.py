"""Arrangements of the label swap, counted before anything is recorded."""

import json
from itertools import groupby
from math import comb
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mimicry.cli import app
from mimicry.errors import ProtocolError
from mimicry.files import asset_folder
from mimicry.protocol import Protocol, list_protocols, load_protocol, protocol_from_text
from mimicry.protocol.arrangements import check_swaps, planned_swaps
from mimicry.protocol.template import template_text

HOUSE = "dynamic-happy-angry"
SAMPLE = asset_folder("sample_data") / "protocol.yaml"


def changed(text: str, path: str | Path = "mine.yaml") -> Protocol:
    head = f"name: mine\nextends: {HOUSE}\nprovenance: {{'*': default}}\n"
    return protocol_from_text(head + text, path=path)


def swaps(protocol: Protocol, block: str = "watch") -> dict[str, tuple[int, str]]:
    return {
        each.condition: (each.arrangements, each.reason)
        for each in planned_swaps(protocol)
        if each.block == block
    }


def of_faces(count: int, swap: str, *, limit: str = "2") -> Protocol:
    faces = ", ".join([f"{sex}0{k}" for k in (1, 2, 3, 4) for sex in "mf"][:count])
    return changed(
        f"stimuli: {{identities: [{faces}]}}\nblocks: {{watch: {{swap: {swap}}}}}\n"
        f"design: {{randomisation: {{max_same_condition: {limit}}}}}\n"
    )


@pytest.mark.parametrize("name", [*list_protocols(), SAMPLE])
def test_every_contrast_of_a_shipped_protocol_has_a_p_by_a_swap_of_its_design(name) -> None:
    protocol = load_protocol(name)
    planned = check_swaps(protocol)
    assert bool(planned) != protocol.face_to_face()
    for each in planned:
        assert each.arrangements >= 40
        clips = [
            protocol.stimulus_id(item)
            for item in protocol.items()
            if item.condition == each.condition
        ]
        shown = protocol.trials_per_condition(each.block)[each.condition]
        repeats = shown > len(set(clips))
        assert (each.times > 1) == repeats
        assert (each.swap in ("clip", "pairs", "block")) == repeats


def test_clips_are_dealt_over_both_sides_and_pairs_flip() -> None:
    """Three clips a side 20, four 70, eight 12,870; four identities 2^4, eight 2^8."""
    assert swaps(of_faces(3, "clip"))["happy"] == (20, "too_few_arrangements")
    assert swaps(of_faces(4, "clip")) == {"happy": (70, ""), "angry": (70, "")}
    assert swaps(of_faces(8, "clip"))["angry"] == (12_870, "")
    assert swaps(of_faces(4, "pairs"))["happy"] == (16, "too_few_arrangements")
    assert swaps(of_faces(8, "pairs"))["happy"] == (256, "")


def test_runs_of_one_condition_are_dealt_as_wholes() -> None:
    protocol = of_faces(4, "block")
    session = protocol.build_session("01")
    order = [(t.condition, t.run) for t in session.scored if t.block == "watch"]
    runs = [condition for (condition, _), _ in groupby(order)]
    expected = comb(runs.count("happy") + runs.count("neutral"), runs.count("happy"))
    assert swaps(protocol)["happy"] == (expected, "")


def test_trials_are_dealt_freely_where_nothing_is_limited() -> None:
    text = template_text("mine").replace("swap: clip ", "swap: free ")
    text = text.replace("repeats: 4", "repeats: 1").replace(
        "repeats: 2\n    swap: clip", "repeats: 1"
    )
    text = text.replace("max_same_condition: 2", "max_same_condition: null")
    text = text.replace("swap: redraw", "swap: free").replace(
        "[m01, f01, m02, f02]", "[m01, f01, m02]"
    )
    protocol = protocol_from_text(text, path="mine.yaml")
    assert swaps(protocol)["happy"] == (comb(6, 3), "too_few_arrangements")
    more = text.replace("[m01, f01, m02]", "[m01, f01, m02, f02, m03, f03]")
    planned = check_swaps(protocol_from_text(more, path="mine.yaml"))
    assert [(each.swap, each.arrangements) for each in planned] == [("free", comb(12, 6))] * 2


def test_a_new_protocol_has_a_p_everywhere() -> None:
    planned = check_swaps(protocol_from_text(template_text("mine"), path="mine.yaml"))
    assert [(each.swap, each.arrangements) for each in planned] == [("clip", 70)] * 2


def test_new_orders_are_counted_by_drawing_them() -> None:
    """Two conditions that take turns have two orders; with a third there are enough."""
    two = "blocks: {watch: {conditions: [happy, neutral], repeats: 1, swap: redraw}}\n"
    tight = "design: {randomisation: {max_same_condition: 1}}\n"
    assert swaps(changed(two + tight))["happy"] == (2, "too_few_arrangements")
    assert swaps(changed(two))["happy"][0] >= 40


@pytest.mark.parametrize(
    ("faces", "swap", "said", "advice"),
    [
        (3, "clip", "contrast of happy in block watch has 20 arrangements, fewer than the 40",
         "Show more clips"),
        (4, "pairs", "has 16 arrangements", "`swap: clip`, which has 70"),
        (8, "redraw", "block watch shows clips up to 3 times", "`swap: clip` at blocks.watch"),
    ],
)  # fmt: skip
def test_what_would_give_no_p_is_refused_with_what_to_do(faces, swap, said, advice) -> None:
    with pytest.raises(ProtocolError, match=said) as problem:
        check_swaps(of_faces(faces, swap))
    assert problem.value.key == "blocks.watch.swap"
    assert advice in str(problem.value)


def test_trials_that_may_only_be_redrawn_are_not_dealt_freely() -> None:
    protocol = changed("blocks: {watch: {repeats: 1}, imitate: null, inhibit: null}\n")
    with pytest.raises(ProtocolError, match="shows no clip twice and limits its order"):
        check_swaps(protocol)
    redraw = changed("blocks: {watch: {repeats: 1, swap: redraw}, imitate: null, inhibit: null}\n")
    assert {each.times for each in check_swaps(redraw)} == {1}


def test_free_under_a_limit_is_refused_in_a_block_too() -> None:
    with pytest.raises(ProtocolError, match=r"blocks\.watch\.swap is 'free', but the order"):
        of_faces(8, "free")
    with pytest.raises(ProtocolError, match="swap"):
        of_faces(8, "shuffle")


def test_a_single_identity_makes_no_pairs() -> None:
    alone = changed(
        "stimuli: {identities: [m01]}\n"
        "design: {randomisation: {max_same_condition: 500, max_same_identity: 500}}\n"
        "blocks: {watch: {swap: pairs}, imitate: null, inhibit: null}\n"
    )
    with pytest.raises(ProtocolError, match="shares no identity with its reference"):
        check_swaps(alone)


def test_the_command_counts_and_refuses(tmp_path: Path) -> None:
    def check(*words: object) -> "tuple[int, str, str]":
        done = CliRunner().invoke(app, ["protocol", "check", *map(str, words)])
        return done.exit_code, done.stdout, done.stderr

    code, shown, _ = check(HOUSE, "status-power")
    assert code == 0
    assert "at least 70 arrangements (happy in watch, swap: clip)" in shown
    _, text, _ = check(HOUSE, "--json")
    counted = json.loads(text)["protocols"][0]["arrangements"]
    assert {"block": "watch", "condition": "happy", "swap": "clip", "arrangements": 12_870,
            "times": 3, "reason": ""} in counted  # fmt: skip
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        f"name: mine\nextends: {HOUSE}\nstimuli: {{identities: [m01, f01, m02]}}\n"
        "provenance: {'*': default}\n"
    )
    code, _, said = check(mine)
    assert code == 2
    assert "has 20 arrangements, fewer than the 40 that p needs (swap: clip)" in said
    assert "Show more clips (stimuli.identities)" in said
