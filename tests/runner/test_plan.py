"""A protocol's session as pages: order, timing, breaks, checks, and what each stimulus is."""

import json
from pathlib import Path

import pytest
import yaml

from mimicry.errors import (
    InputError,
    IntegrityError,
    OutputExistsError,
    ProtocolError,
    StimulusError,
)
from mimicry.files import sha256_of, write_json
from mimicry.protocol import load_protocol, protocol_from_text
from mimicry.runner.convert import require_free, session_files
from mimicry.runner.from_protocol import BREAK_EVERY, plan_session, task_label
from mimicry.runner.plan import Question, SessionPlan, read_plan
from mimicry.runner.study import (
    latest_session,
    prepare_study,
    shown_stimuli,
    study_of,
)


@pytest.fixture(scope="module")
def house() -> SessionPlan:
    return plan_session(load_protocol("dynamic-happy-angry"), "07")


def test_the_trials_are_those_of_the_protocol_in_its_order(house: SessionPlan) -> None:
    drawn = load_protocol("dynamic-happy-angry").build_session("07")
    shown = [s for s in house.steps if s.kind == "trial"]
    assert [s.trial_id for s in shown] == [t.trial_id for t in drawn.trials]
    assert [s.stimulus_id for s in shown] == [t.stimulus for t in drawn.trials]
    assert [s.practice for s in shown] == [t.practice for t in drawn.trials]


def test_a_trial_is_pause_fixation_clip_and_blank(house: SessionPlan) -> None:
    trials = [s for s in house.steps if s.block == "watch" and s.kind == "trial" and not s.practice]
    first, second = trials[:2]
    assert [p.kind for p in first.phases] == ["fixation", "stimulus", "blank"]
    assert [p.kind for p in second.phases] == ["iti", "fixation", "stimulus", "blank"]
    assert 2.5 <= second.phases[0].duration_s <= 4.0
    assert second.phases[2].duration_s == 2.5
    assert set(second.columns) == {"identity", "task", "run"}


def test_instruction_practice_and_breaks_surround_the_trials(house: SessionPlan) -> None:
    kinds = [(s.kind, s.practice) for s in house.steps if s.block == "watch"]
    assert kinds[:6] == [
        ("page", False),
        *[("trial", True)] * 3,
        ("page", False),
        ("trial", False),
    ]
    watch = [s for s in house.steps if s.block == "watch"]
    run = 0
    for step in watch:
        if step.kind == "trial" and not step.practice:
            run += 1
        elif step.kind == "break":
            run = 0
        assert run <= BREAK_EVERY
    checks = [s for s in watch if s.kind == "check"]
    scored = sum(s.kind == "trial" and not s.practice for s in watch)
    assert len(checks) == (scored - 1) // BREAK_EVERY > 0
    for check in checks:
        (question,) = check.questions
        assert f"key {question.answer + 1}" in question.text


def pauses(plan: SessionPlan) -> list[float]:
    return [p.duration_s for s in plan.steps for p in s.phases if p.kind == "iti"]


def right_answers(plan: SessionPlan) -> tuple[int | None, ...]:
    return tuple(q.answer for s in plan.steps if s.kind == "check" for q in s.questions)


def test_jittered_pauses_and_checks_are_drawn_anew_for_each_person_and_come_back(
    house: SessionPlan,
) -> None:
    protocol = load_protocol("dynamic-happy-angry")
    assert plan_session(protocol, "07") == house
    drawn = pauses(house)
    assert len(set(drawn)) > 0.9 * len(drawn) > 100
    assert all(2.5 <= s <= 4.0 for s in drawn)
    assert 3.15 < sum(drawn) / len(drawn) < 3.35
    for other in (plan_session(protocol, "08"), plan_session(protocol, "07", seed=1)):
        assert pauses(other) != drawn
    keys = {right_answers(plan_session(protocol, f"{k:02d}")) for k in range(6)}
    assert len(keys) > 1


def test_the_page_learns_no_answer_and_no_path(house: SessionPlan) -> None:
    text = json.dumps(house.for_page())
    assert '"answer"' not in text
    assert '"path"' not in text
    assert str(house.stimuli[0].path) not in text


def test_a_plan_comes_back_from_its_json(house: SessionPlan, tmp_path: Path) -> None:
    write_json(tmp_path / "plan.json", house.to_json())
    assert read_plan(tmp_path) == house


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("steps.0.kind", "dance"),
        ("steps.3.phases.0.duration_s", "long"),
        ("camera.width", "640"),
        ("stimuli.0.path", None),
        ("participant", "a_b"),
    ],
)
def test_a_wrong_value_in_a_stored_plan_is_named(
    house: SessionPlan, tmp_path: Path, key: str, value: object
) -> None:
    content = json.loads(json.dumps(house.to_json(), default=str))
    *way, last = [int(part) if part.isdigit() else part for part in key.split(".")]
    place = content
    for part in way:
        place = place[part]
    place[last] = value
    (tmp_path / "plan.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="plan of a session") as error:
        read_plan(tmp_path)
    assert error.value.key == key or key == "participant"


def test_a_stored_plan_with_a_key_of_its_own_is_refused(house: SessionPlan, tmp_path: Path) -> None:
    content = json.loads(json.dumps(house.to_json(), default=str))
    content["steps"][0]["colour"] = "red"
    (tmp_path / "plan.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="plan of a session") as error:
        read_plan(tmp_path)
    assert error.value.key == "steps.0.colour"


def test_a_stored_plan_without_what_has_a_default_is_read(
    house: SessionPlan, tmp_path: Path
) -> None:
    content = json.loads(json.dumps(house.to_json(), default=str))
    del content["steps"][0]["practice"]
    (tmp_path / "plan.json").write_text(json.dumps(content))
    assert read_plan(tmp_path) == house


def test_stimuli_are_the_files_of_the_manifest(house: SessionPlan, tmp_path: Path) -> None:
    house.verify_stimuli()
    assert len(house.stimuli) == 24
    assert all(s.sha256 == sha256_of(s.path) for s in house.stimuli)


def own_set(folder: Path, **changed: str | None) -> Path:
    """Write a protocol with a stimulus set of its own."""
    from mimicry.files import asset_folder

    bundled = json.loads((asset_folder("stimuli") / "manifest.json").read_text())
    entries = []
    for entry in bundled["stimuli"]:
        if entry["id"].endswith("-f01-dynamic") and entry["id"].split("-")[0] in (
            "happy",
            "angry",
            "neutral",
        ):
            clip = folder / f"{entry['id']}.mp4"
            clip.write_bytes(entry["id"].encode())
            entries.append({**entry, "file": clip.name, "sha256": sha256_of(clip)} | changed)
    (folder / "set.json").write_text(json.dumps({**bundled, "stimuli": entries}))
    text = {
        "name": "own-set",
        "extends": "dynamic-happy-angry",
        "title": "Own stimuli",
        "stimuli": {"identities": ["f01"], "manifest": "set.json"},
        "design": {"randomisation": {"max_same_identity": 200}},
        "provenance": {"*": "default"},
    }
    path = folder / "own-set.yaml"
    path.write_text(yaml.safe_dump(text))
    return path


def test_a_changed_stimulus_is_refused(tmp_path: Path) -> None:
    protocol = load_protocol(own_set(tmp_path, sha256="0" * 64))
    with pytest.raises(IntegrityError, match="not the file of its manifest"):
        plan_session(protocol, "01")


def test_a_stimulus_without_a_file_is_one_sentence(tmp_path: Path) -> None:
    protocol = load_protocol(own_set(tmp_path, file=None, license="a lab's own"))
    with pytest.raises(StimulusError, match="no video or image file"):
        plan_session(protocol, "01")


def test_a_study_holds_its_protocol_in_full_and_refuses_another(tmp_path: Path) -> None:
    protocol = load_protocol(own_set(tmp_path))
    study = tmp_path / "study"
    prepare_study(study, protocol)
    prepare_study(study, protocol)
    assert load_protocol(study / "protocol.yaml").digest == protocol.digest
    assert (study / "stimuli.json").read_bytes() == (tmp_path / "set.json").read_bytes()
    assert shown_stimuli(protocol, study).path == tmp_path / "set.json"  # where the clips are
    with pytest.raises(ProtocolError, match="other values"):
        prepare_study(study, load_protocol("dynamic-happy-angry"))
    own_set(tmp_path, license="another")
    with pytest.raises(StimulusError, match="another stimulus manifest"):
        prepare_study(study, protocol)


def test_a_taken_recording_is_noticed_before_anyone_is_filmed(
    house: SessionPlan, tmp_path: Path
) -> None:
    require_free(tmp_path, house)
    taken = session_files(tmp_path, house)["recording"]
    taken.parent.mkdir(parents=True)
    taken.write_text("{}")
    with pytest.raises(OutputExistsError, match="`session`"):
        require_free(tmp_path, house)


def test_the_newest_unfinished_session_is_found(house: SessionPlan, tmp_path: Path) -> None:
    for stamp, done in (("1", True), ("2", False), ("3", True)):
        folder = house.source_folder(tmp_path) / f"run-{stamp}"
        folder.mkdir(parents=True)
        (folder / "plan.json").write_text("{}")
        if done:
            (folder / "done.json").write_text("{}")
    found = latest_session(tmp_path, "07")
    assert found.name == "run-2"
    assert study_of(found) == tmp_path


def test_names_become_labels() -> None:
    assert task_label("dynamic-happy-angry") == "dynamichappyangry"


def asked(rating: str) -> Question:
    head = "name: mine\nextends: dynamic-happy-angry\nprovenance: {'*': default}\n"
    protocol = protocol_from_text(
        f"{head}ratings: {{r: {{prompt: 'Well?', after: session, {rating}}}}}\n", path="mine.yaml"
    )
    (question,) = plan_session(protocol, "01").steps[-1].questions
    return question


def test_a_scale_has_the_answers_that_it_names() -> None:
    slider = asked("low: not, high: very, steps: 7")
    assert (slider.minimum, slider.maximum, slider.steps) == (0, 6, 7)
    assert slider.labels == ("not", "very")
    percent = asked("low: not, high: very")
    assert (percent.minimum, percent.maximum, percent.steps) == (0, 100, 101)
    signed = asked("low: '-3', high: '3', steps: 7")
    assert (signed.minimum, signed.maximum, signed.steps) == (-3, 3, 7)
    keys = asked("scale: keys, low: '0', high: '10', steps: 11")
    assert (keys.first, keys.options[:2], keys.options[-1]) == (0, ("0", "1"), "10")
    words = asked("scale: keys, low: not, high: very, steps: 4")
    assert (words.first, words.options) == (1, ("not", "", "", "very"))
    named = asked("scale: keys, low: a, high: c, steps: 3, labels: [a, b, c]")
    assert named.options == ("a", "b", "c")
    assert (named.limit_s, asked("low: a, high: b, limit_s: 4").limit_s) == (None, 4)


@pytest.mark.parametrize(
    ("rating", "said"),
    [
        ("scale: keys, low: a, high: b", "ratings.r has 101 keys .* at most 21"),
        ("scale: keys, low: '0', high: '10', steps: 7", "from 0 to 10, which is not 7 steps"),
        ("low: '0', high: '10'", "from 0 to 10, which is not 101 steps"),
        ("scale: keys, low: '-3', high: '3', steps: 7", "begins at -3, which no key can say"),
        ("low: a, high: c, steps: 3, labels: [a, b, c]", "labels are for 'scale: keys'"),
        ("scale: keys, low: a, high: c, steps: 3, labels: [a, c]", "are 2 texts .* expected 3"),
        ("scale: keys, low: a, high: c, steps: 2, labels: [a, b]", "from 'a' .low. to 'c' .high."),
        ("low: a, high: b, limit_s: 0", "ratings.r.limit_s is 0; expected greater than 0"),
    ],
)
def test_a_scale_that_cannot_be_shown_is_refused(rating: str, said: str) -> None:
    with pytest.raises(ProtocolError, match=f"line 4: .*{said}"):
        asked(rating)
