"""Reading protocol files: merging, digests, origins."""

from pathlib import Path

import pytest
import yaml

from mimicry.errors import ProtocolError
from mimicry.files import asset_folder
from mimicry.protocol import list_protocols, load_protocol, protocol_from_text
from mimicry.records import EmotionMap, ScoringSettings

HOUSE = "dynamic-happy-angry"


def variant(tmp_path: Path, text: str, name: str = "mine") -> Path:
    path = tmp_path / f"{name}.yaml"
    path.write_text(f"name: {name}\nextends: {HOUSE}\nprovenance: {{'*': default}}\n{text}")
    return path


def test_house_protocol_scores_with_the_documented_defaults() -> None:
    settings = load_protocol(HOUSE).scoring_settings()
    assert settings.emotions == {
        "happy": EmotionMap(("AU12",), ("AU04",), "positive"),
        "angry": EmotionMap(("AU04",), ("AU12",), "negative"),
    }
    swaps = {"watch": "clip", "inhibit": "clip", "": "clip"}  # where clips repeat
    plain = ScoringSettings(settings.emotions, swap="redraw", swaps=swaps, seed=settings.seed)
    assert settings.to_json() == plain.to_json()


def test_a_claim_is_made_at_the_level_of_the_planned_test(tmp_path: Path) -> None:
    path = variant(tmp_path, "analysis: {primary: {alpha: 0.01}}\n")
    assert load_protocol(path).scoring_settings().claim_alpha == 0.01


def test_a_variant_changes_only_what_it_names(tmp_path: Path) -> None:
    path = variant(tmp_path, "timing: {iti_s: 0.5}\nblocks: {imitate: null, inhibit: null}\n")
    short, house = load_protocol(path), load_protocol(HOUSE)
    assert list(short.file.blocks) == ["watch"]
    assert (short.file.timing.iti_s.low, short.file.timing.iti_s.high) == (0.5, 0.5)
    assert short.file.timing.rise_s == house.file.timing.rise_s
    assert short.file.conditions == house.file.conditions


@pytest.mark.parametrize("name", [*list_protocols(), "mine"])
def test_a_protocol_written_out_in_full_is_the_same_protocol(name: str, tmp_path: Path) -> None:
    """A study keeps such a copy; what a variant dropped must not be missed in it."""
    own = variant(tmp_path, "blocks: {imitate: null, inhibit: null}\n")
    protocol = load_protocol(own if name == "mine" else name)
    content = protocol.file.model_dump(mode="json", exclude={"extends"})
    copy = tmp_path / "protocol.yaml"
    copy.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert load_protocol(copy).digest == protocol.digest


def test_the_variant_in_the_docs_passes_every_check() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "protocols.md"
    example = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    assert list(protocol_from_text(example, path="my-study.yaml").file.blocks) == [
        "watch",
        "imitate",
    ]


def test_each_value_knows_the_file_and_line_it_stands_on(tmp_path: Path) -> None:
    path = variant(tmp_path, "timing:\n  iti_s: 0.5\n")
    origins = load_protocol(path).origins
    assert origins["timing", "iti_s"].file == "mine.yaml"
    assert origins["timing", "iti_s"].line == 5
    assert origins["timing", "rise_s"].file == f"{HOUSE}.yaml"


def test_an_inherited_source_does_not_vouch_for_a_changed_value(tmp_path: Path) -> None:
    origins = load_protocol(variant(tmp_path, "title: x\n")).origins
    assert origins["blocks", "inhibit", "task"].provenance.startswith("source hofling2021")
    origins = load_protocol(variant(tmp_path, "blocks: {inhibit: {task: watch}}\n")).origins
    assert origins["blocks", "inhibit", "task"].provenance == "default"


def test_equal_content_has_an_equal_digest_however_it_is_written(tmp_path: Path) -> None:
    path = variant(tmp_path, "title: x\n")
    one = load_protocol(path).digest
    path.write_text(path.read_text() + "timing: {blank_s: 1.0}  # the same value\n")
    assert load_protocol(path).digest == one
    path.write_text(path.read_text().replace("1.0}", "1.2}"))
    assert load_protocol(path).digest != one


def test_a_circle_of_parents_is_refused(tmp_path: Path) -> None:
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nextends: {parent}\n")
    with pytest.raises(ProtocolError, match=r"line 2: extends goes in a circle: a -> b -> c -> a"):
        load_protocol(tmp_path / "a.yaml")


def test_an_unknown_parent_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("name: a\nextends: dynamic-happy-angri\n")
    with pytest.raises(ProtocolError, match=r"a.yaml: line 2: .*did you mean 'dynamic-happy-angry"):
        load_protocol(path)


def test_an_unknown_name_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ProtocolError, match=f"did you mean '{HOUSE}'"):
        load_protocol("dynamic-hapy-angry")


def test_a_protocol_given_as_text_equals_the_file() -> None:
    house = load_protocol(HOUSE)
    text = house.path.read_text(encoding="utf-8")
    assert protocol_from_text(text, path=f"{HOUSE}.yaml").digest == house.digest


def test_every_shipped_protocol_is_listed_by_its_name() -> None:
    assert HOUSE in list_protocols()


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "a: [1", "a: &x 1\nb: *x\n"])
def test_what_is_no_mapping_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ProtocolError, match=r"bad\.yaml: "):
        load_protocol(path)


def test_a_protocol_written_out_in_full_scores_alike(tmp_path: Path) -> None:
    """A study keeps such a copy: the seed of the nulls must not become another one."""
    protocol = load_protocol("dynamic-happy-angry")
    content = protocol.file.model_dump(mode="json", exclude={"extends"})
    content["stimuli"]["manifest"] = "stimuli.json"
    copy = tmp_path / "dynamic-happy-angry.yaml"
    copy.write_text(yaml.safe_dump(content), encoding="utf-8")
    (tmp_path / "stimuli.json").write_bytes(
        (asset_folder("stimuli") / "manifest.json").read_bytes()
    )
    again = load_protocol(copy)
    assert again.scoring_settings() == protocol.scoring_settings()
    assert again.scoring_settings().seed == protocol.seed
    assert again.digest == protocol.digest
