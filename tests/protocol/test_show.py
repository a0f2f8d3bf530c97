"""Where each value of a protocol comes from, and how a clip must fit its phases."""

import pytest
import yaml

from mimicry.errors import ProtocolError
from mimicry.protocol import Protocol, protocol_from_text
from mimicry.protocol.show import resolved_rows, resolved_text
from mimicry.protocol.template import template_text

TEXT = template_text("mine")


def rows_of(protocol: Protocol) -> dict[str, dict]:
    return {row.pop("key"): row for row in resolved_rows(protocol)}


def test_a_value_has_its_file_line_and_provenance_or_is_a_default_of_the_schema() -> None:
    rows = rows_of(protocol_from_text(TEXT, path="mine.yaml"))
    lines = TEXT.splitlines()

    def line(part: str) -> int:
        return next(k for k, text in enumerate(lines, 1) if text.startswith(part))

    assert rows["timing.rise_s"] == {
        "value": 0.75, "provenance": "source example (p. 3)", "file": "mine.yaml",
        "line": line("  rise_s"),
    }  # fmt: skip
    assert rows["timing.fixation_s"]["provenance"] == "memory (usual in this kind of study)"
    assert rows["timing.apex_s"]["provenance"] == "default"
    # written in short: the parts stand where the whole does
    for key, value in {"timing.iti_s.low": 2.5, "timing.iti_s.high": 4.0}.items():
        assert rows[key] == {
            "value": value, "provenance": "default", "file": "mine.yaml", "line": line("  iti_s"),
        }  # fmt: skip
    unsaid = rows["scoring.min_trials"]
    assert (unsaid["file"], unsaid["line"], unsaid["provenance"]) == (None, None, "default")
    title = rows["title"]
    assert (title["provenance"], title["file"], title["line"]) == ("", "mine.yaml", line("title"))


def test_an_inherited_value_names_the_file_that_it_comes_from() -> None:
    head = "name: mine\nextends: dynamic-happy-angry\nprovenance: {'*': default}\n"
    text = resolved_text(protocol_from_text(head + "timing: {blank_s: 1.5}\n", path="mine.yaml"))
    lines = {part.strip().split(":")[0]: part for part in text.splitlines()}
    assert text.startswith("# mine: resolved, with the origin of every value\n# digest ")
    assert "from" not in lines["blank_s"]
    assert lines["blank_s"].split("#")[0].strip() == "blank_s: 1.5"
    assert "; from dynamic-happy-angry.yaml:" in lines["rise_s"]
    assert lines["title"].split("# ")[1].startswith("from dynamic-happy-angry.yaml:")
    assert yaml.safe_load(text)["timing"]["blank_s"] == 1.5
    assert "# schema default" in text


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("neutral_s: 0.5", "neutral_s: 0.4", "timing.neutral_s is 0.4, but neutral lasts 0.5 s"),
        ("rise_s: 0.75", "rise_s: 0.7", "timing.rise_s is 0.7, but rise lasts "),
        ("fall_s: 0", "fall_s: 0.1", "timing.fall_s is 0.1, but fall lasts 0 s"),
        ("apex_s: 1.25", "apex_s: 1.5", "clips of kind dynamic last 2.5 s; write 'dynamic-d2.75'"),
        ("kind: dynamic ", "kind: moving ", "there is no kind of stimulus 'moving'"),
    ],
)  # fmt: skip
def test_phases_are_those_of_the_clip_that_is_rendered(old: str, new: str, text: str) -> None:
    assert old in TEXT
    with pytest.raises(ProtocolError) as caught:
        protocol_from_text(TEXT.replace(old, new, 1), path="mine.yaml")
    assert text in str(caught.value)


def test_a_length_of_a_factors_level_is_named_at_the_level() -> None:
    content = yaml.safe_load(TEXT)
    levels = {"long": {"timing": {"apex_s": 1.5}}, "short": {}}
    content["design"]["factors"] = {"hold": {"assign": "trial", "levels": levels}}
    with pytest.raises(ProtocolError) as caught:
        protocol_from_text(yaml.safe_dump(content, sort_keys=False), path="mine.yaml")
    assert caught.value.key == "design.factors.hold.levels.long.timing.apex_s"


def test_a_longer_clip_is_named_by_its_length() -> None:
    longer = TEXT.replace("apex_s: 1.25", "apex_s: 1.5", 1)
    longer = longer.replace("kind: dynamic ", "kind: dynamic-d2.75 ", 1)
    assert protocol_from_text(longer, path="mine.yaml").stimulus_kind({}) == "dynamic-d2.75"
