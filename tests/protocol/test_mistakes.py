# ruff: noqa: E501 - the table reads best with a row a line
"""A wrong file gives one clear sentence for each mistake, with its line."""

import json
from pathlib import Path

import pytest

from mimicry.errors import ProtocolError
from mimicry.protocol import load_protocol, protocol_from_text
from mimicry.protocol.template import template_text

WHOLE = template_text("mine")


def line_of(text: str, part: str) -> int:
    return next(k for k, line in enumerate(text.splitlines(), 1) if part in line)


def message_of(text: str) -> str:
    with pytest.raises(ProtocolError) as caught:
        protocol_from_text(text, path="mine.yaml")
    return str(caught.value)


# what stands in the good file, what it is changed to, what the message must say
MISTAKES = {
    "unknown key": ("    repeats: 4", "    repaets: 4", "unknown key blocks.watch.repaets; did you mean 'repeats'?"),
    "unknown key at the top": ("purpose: >", "purpse: >", "did you mean 'purpose'?"),
    "unknown scoring key": ("  swap: redraw ", "  swop: redraw ", "unknown key scoring.swop; did you mean 'swap'?"),
    "wrong type": ("  rise_s: 0.75 ", "  rise_s: half ", 'timing.rise_s is "half"; expected a valid number'),
    "a number in quotes": ("  rise_s: 0.75 ", "  rise_s: '0.75' ", 'timing.rise_s is "0.75"; expected a valid number'),
    "wrong word": ("    task: watch ", "    task: look ", "blocks.watch.task is \"look\"; expected 'watch'"),
    "window outside the trial": ("main: [0.5, 2.5]", "main: [0.5, 9]", "scoring.windows.main is [0.5, 9], outside the trial, which runs from -1.5 to 3 s"),
    "window the wrong way round": ("main: [0.5, 2.5]", "main: [2.5, 0.5]", "expected start before end"),
    "baseline outside the trial": ("baseline_s: [-0.5, 0]", "baseline_s: [-3, 0]", "scoring.baseline_s is [-3, 0], outside the trial"),
    "baseline after the onset": ("baseline_s: [-0.5, 0]", "baseline_s: [0, 0.5]", "must end before the dynamic onset"),
    "no such action unit": ("targets: [AU12]", "targets: [AU13]", "there is no action unit 'AU13' (conditions.happy.targets); known here: AU01"),
    "action unit without its zero": ("opponents: [AU04]", "opponents: [AU4]", "did you mean 'AU04'?"),
    "opponent equal to target": ("opponents: [AU04]", "opponents: [AU12]", "AU12 stands as target and as opponent"),
    "no opponent": (", opponents: [AU04]", "", "conditions.happy has no opponents"),
    "stimulus missing": ("emotion: happy,", "emotion: hapy,", "there is no stimulus for emotion 'hapy' (conditions.happy.emotion); did you mean 'happy'?"),
    "face missing": ("m02, f02]", "m02, f09]", "there is no model face 'f09'"),
    "negative duration": ("  blank_s: 1.0", "  blank_s: -1.0", "timing.blank_s is -1.0; expected greater than or equal to 0"),
    "duplicate identity": ("[m01, f01, m02, f02]", "[m01, f01, m02, m01]", "stimuli.identities names 'm01' twice"),
    "duplicate key": ("  imitate:\n", "  watch:\n", "blocks.watch stands twice, first on line"),
    "free swap for a limited order": ("swap: redraw", "swap: free", "use 'swap: redraw'"),
    "block of the test missing": ("    block: watch\n", "    block: wach\n", "there is no block 'wach' (analysis.primary.block); did you mean 'watch'?"),
    "reference missing": ("  neutral_condition: neutral", "  neutral_condition: calm", "scoring.neutral_condition is 'calm', which is no condition"),
    "no provenance": ("  '*': default\n", "", "nothing says where"),
    "source without reference": ("source example (p. 3)", "source exmple", "references have no key 'exmple' (provenance.timing.rise_s); did you mean 'example'?"),
    "provenance of nothing": ("  timing.fixation_s: memory", "  timing.fixaton_s: memory", "did you mean 'timing.fixation_s'?"),
    "malformed provenance": ("  timing.fixation_s: memory", "  timing.fixation_s: somewhere", "expected 'default', 'memory' or 'source KEY'"),
    "another name": ("name: mine ", "name: yours ", "expected the file's stem 'mine'"),
    "not YAML": ("stimuli:\n", "stimuli: [\n", "this is not valid YAML"),
    "pause the wrong way round": ("iti_s: [2.5, 4.0]", "iti_s: [4.0, 2.5]", "timing.iti_s is [4.0, 2.5]; expected a number, [low, high]"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_line(name: str) -> None:
    good, bad, said = MISTAKES[name]
    assert WHOLE.count(good) >= 1, "the template has changed"
    text = WHOLE.replace(good, bad, 1)
    message = message_of(text)
    assert said in message
    assert message.startswith("mine.yaml: line "), message
    assert "mistakes" not in message, "one mistake gives one sentence"


def test_the_line_is_the_one_with_the_mistake() -> None:
    text = WHOLE.replace("  rise_s: 0.75 ", "  rise_s: half ")
    assert f"line {line_of(text, 'rise_s: half')}: " in message_of(text)


def test_the_line_of_a_value_inside_a_short_mapping() -> None:
    text = WHOLE.replace("targets: [AU12]", "targets: [AU13]")
    assert f"line {line_of(text, 'AU13')}: " in message_of(text)


def test_several_mistakes_come_together_in_the_order_of_their_lines() -> None:
    text = WHOLE.replace("targets: [AU12]", "targets: [AU13]").replace("[0.5, 2.5]", "[0.5, 9]")
    message = message_of(text)
    assert "2 mistakes" in message
    assert message.index("AU13") < message.index("scoring.windows.main")


ROLES = "  factors: {role: {assign: identity, levels: {a: {}, b: {}, c: {}}}}\n  seed: 1"
DESIGN = {
    "faces that cannot be shared": (ROLES, "4 identities cannot be shared equally among 3 levels"),
    "factor with one level": (
        "  factors: {role: {assign: trial, levels: {a: {}}}}\n  seed: 1",
        "design.factors.role.levels",
    ),
    "factor with a taken name": (
        "  factors: {block: {assign: trial, levels: {a: {}, b: {}}}}\n  seed: 1",
        "the name is taken",
    ),
    "factor level with an unknown phase": (
        "  factors: {m: {assign: trial, levels: {a: {timing: {rize_s: 1}}, b: {}}}}\n  seed: 1",
        "did you mean 'rise_s'?",
    ),
    "seed that is no number": ("  seed: one", 'design.seed is "one"'),
}


@pytest.mark.parametrize("name", DESIGN)
def test_a_mistake_in_the_design_is_named(name: str) -> None:
    bad, said = DESIGN[name]
    message = message_of(WHOLE.replace("  seed: 1", bad, 1))
    assert said in message
    assert "line " in message


def test_an_order_that_cannot_exist_is_refused() -> None:
    text = WHOLE.replace("[m01, f01, m02, f02]", "[m01]")
    message = message_of(text)
    assert "so no order has at most 1 in a row" in message
    assert f"line {line_of(text, 'max_same_identity')}: " in message


def test_runs_that_do_not_divide_the_block_are_refused() -> None:
    message = message_of(WHOLE.replace("    repeats: 4", "    repeats: 4\n    runs: 5"))
    assert "blocks.watch: 32 trials cannot be cut into 5 equal runs" in message


def test_a_group_test_on_standardised_scores_is_refused() -> None:
    text = WHOLE.replace("score: contrast_raw ", "score: contrast ").replace(
        "    sesoi_d", "    between: {factor: group, more: a, less: b}\n    sesoi_d"
    )
    text = text.replace("  seed: 1", "  groups: {a: some, b: others}\n  seed: 1")
    text = text.replace(
        "gain: 8}}", "gain: 8}}\n    - {where: {group: b}, gain: 0.6, predicted: true}"
    )
    assert "use contrast_raw or contrast_cal" in message_of(text)


def test_a_test_without_a_predicted_effect_is_refused() -> None:
    text = WHOLE.replace(
        "    sesoi_d", "    within: {factor: block, more: imitate, less: watch}\n    sesoi_d"
    )
    assert "no effect with 'predicted: true'" in message_of(text)


def test_a_mistake_that_is_inherited_names_the_parent(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(template_text("old").replace("AU12]", "AU13]"))
    (tmp_path / "new.yaml").write_text(template_text("new", parent="old"))
    with pytest.raises(
        ProtocolError, match=r"new\.yaml: \(inherited\) old\.yaml, line \d+: .*AU13"
    ):
        load_protocol(tmp_path / "new.yaml")


def test_a_stimulus_missing_from_the_own_set_is_refused(tmp_path: Path) -> None:
    faces = ["m01", "f01", "m02", "f02"]
    ids = [f"{e}-{i}-dynamic" for e in ("happy", "neutral") for i in faces]
    path = tmp_path / "mine.yaml"
    path.write_text(WHOLE.replace("  kind: dynamic", "  manifest: set.json\n  kind: dynamic"))
    with pytest.raises(ProtocolError, match=r"stimuli.manifest set.json cannot be used"):
        load_protocol(path)
    still = {"times_s": [0.0], "intensity": {}, "onset_s": 0, "apex_s": 0}
    entries = [{"id": i, **still} for i in ids]
    (tmp_path / "set.json").write_text(json.dumps({"stimuli": entries}))
    load_protocol(path)
    wrong = [{**entries[0], "emotion": "neutral"}, *entries[1:]]
    (tmp_path / "set.json").write_text(json.dumps({"stimuli": wrong}))
    with pytest.raises(ProtocolError, match=r"'happy-m01-dynamic' is 'neutral' in the manifest"):
        load_protocol(path)
    (tmp_path / "set.json").write_text(json.dumps({"stimuli": entries[1:]}))
    with pytest.raises(
        ProtocolError, match=r"line \d+: the stimulus 'happy-m01-dynamic' is not in"
    ):
        load_protocol(path)


@pytest.mark.parametrize("text", ["a: " + "[" * 5000, "x: 1\n" * 3, "\0", "a: !!python/name:os 1"])
def test_hostile_files_are_refused_in_words(text: str) -> None:
    assert message_of(text).startswith("mine.yaml: ")


def test_a_word_that_yaml_takes_for_a_truth_value_needs_quotes() -> None:
    with pytest.raises(
        ProtocolError, match=r"ratings\.r\.low is false; expected text: write it in"
    ):
        protocol_from_text(
            "name: mine\nextends: dynamic-happy-angry\nprovenance: {'*': default}\n"
            "ratings: {r: {prompt: Well, low: no, high: 'yes'}}\n",
            path="mine.yaml",
        )
