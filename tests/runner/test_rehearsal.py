"""What the checker passes, the runner can build for everybody: they are the same code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mimicry.cli import app
from mimicry.errors import MimicryError, ProtocolError
from mimicry.files import sha256_of
from mimicry.protocol import Protocol, list_protocols, load_protocol, protocol_from_text
from mimicry.protocol.checks_shown import RESERVED
from mimicry.protocol.stimuli import stimulus_ids
from mimicry.runner.clips import find_clips
from mimicry.runner.columns import EVENT_COLUMNS
from mimicry.runner.from_protocol import CLOSING, CONSENT, plan_session
from mimicry.runner.rehearsal import rehearse
from mimicry.runner.study import prepare_study, shown_stimuli

HOUSE = "dynamic-happy-angry"
HALF = "stimuli: {kind: dynamic-i50, identities: [m01, f01]}\n"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words)])


def changed(text: str, path: str | Path = "mine.yaml") -> Protocol:
    head = f"name: mine\nextends: {HOUSE}\nprovenance: {{'*': default}}\n"
    return protocol_from_text(head + text, path=path)


def own_clips(folder: Path, **entry: object) -> Path:
    """Write a protocol with clips of its own that fit it; `entry` changes one of them."""
    from mimicry.files import asset_folder

    bundled = json.loads((asset_folder("stimuli") / "manifest.json").read_text())
    emotions = ("happy", "angry", "neutral")
    wanted = {f"{e}-{face}-dynamic" for e in emotions for face in ("f01", "f02", "m01", "m02")}
    entries = []
    for old in (e for e in bundled["stimuli"] if e["id"] in wanted):
        clip = folder / f"{old['id']}.mp4"
        clip.write_bytes(old["id"].encode())
        new = {**old, "license": "own", "file": clip.name, "sha256": sha256_of(clip)}
        entries.append(new | (entry if old["id"] == "happy-f01-dynamic" else {}))
    (folder / "set.json").write_text(json.dumps({**bundled, "stimuli": entries}))
    path = folder / "mine.yaml"
    path.write_text(
        f"name: mine\nextends: {HOUSE}\n"
        "stimuli: {identities: [f01, f02, m01, m02], manifest: set.json}\n"
        "design: {randomisation: {max_same_identity: 500}}\nprovenance: {'*': default}\n"
    )
    return path


@pytest.mark.parametrize("name", list_protocols())
def test_every_shipped_protocol_can_be_run_or_says_that_people_meet(name: str) -> None:
    protocol = load_protocol(name)
    notes = rehearse(protocol)
    assert notes == (
        ["people meet in it (task interact): it is recorded, not run"]
        if protocol.face_to_face()
        else []
    )


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"file": None}, "no video or image file to show"),
        ({"file": "gone.mp4"}, "no video or image file to show"),
        ({"sha256": "0" * 64}, "not the file of its manifest"),
        ({"file": "set.json", "sha256": None}, "a browser cannot show .json"),
        ({"id": "sad-f01-dynamic"}, "'happy-f01-dynamic' is not in stimuli.manifest"),
    ],
)
def test_the_check_refuses_what_a_session_would(
    tmp_path: Path, entry: dict[str, object], said: str
) -> None:
    path = own_clips(tmp_path, **entry)
    with pytest.raises(MimicryError, match=said):
        plan_session(load_protocol(path), "01")
    checked = run("protocol", "check", path)
    assert checked.exit_code == 2
    assert said in checked.stderr
    assert run("protocol", "check", own_clips(tmp_path)).exit_code == 0


def test_clips_that_differ_from_the_plan_are_named(tmp_path: Path) -> None:
    path = own_clips(tmp_path, duration_s=3.5, onset_s=0.75)
    shown = run("protocol", "check", path).stdout
    assert "note: the clip 'happy-f01-dynamic' is 3.5 s long and will be cut at 2.5 s" in shown
    assert "begins to move at 0.75 s, but timing.neutral_s is 0.5 s" in shown
    path = own_clips(tmp_path, duration_s=2.0)
    shown = json.loads(run("protocol", "check", path, "--json").stdout)
    assert "its last frame will stay until 2.5 s" in shown["protocols"][0]["notes"][0]


def test_a_clip_of_the_rendered_set_needs_no_file_in_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = changed(HALF, tmp_path / "mine.yaml")
    clip = tmp_path / "clip.webm"
    clip.write_bytes(b"a clip")
    monkeypatch.setattr("mimicry.synthetic.stimuli.stimulus_file", lambda name: clip)
    monkeypatch.setattr("mimicry.synthetic.stimuli.is_there", lambda name: "happy" in name)
    told: list[str] = []
    plan = plan_session(protocol, "01", say=told.append)
    assert len(plan.stimuli) == 6
    assert len(told) == 4
    study = tmp_path / "study"
    prepare_study(study, protocol)
    held = shown_stimuli(protocol, study)
    assert set(stimulus_ids(protocol)) < set(held)
    assert find_clips(held.path, ["happy-m01-dynamic-i50"])[0].path == clip
    assert load_protocol(study / "protocol.yaml").digest == protocol.digest
    again = plan_session(protocol, "02", manifest=held.path)
    assert {s.stimulus_id for s in again.stimuli} == set(stimulus_ids(protocol))


def test_people_who_meet_are_not_shown_a_session() -> None:
    with pytest.raises(ProtocolError, match="people meet in this protocol"):
        plan_session(load_protocol("dyad-smiles"), "01")


def test_every_column_of_an_events_table_is_taken() -> None:
    assert set(EVENT_COLUMNS) < RESERVED


FACTOR = "design: {factors: {%s: {assign: trial, levels: {a: {}, b: {%s}}}}}\n"
PHOTO = "timing: {neutral_s: 0, rise_s: 0, apex_s: 0}\n"
CONTRADICTIONS = {
    FACTOR % ("onset", ""): "design.factors.onset: the name is taken",
    FACTOR % ("task", ""): "design.factors.task: the name is taken",
    FACTOR % ("label", "cue: up"): "levels.b.cue is never seen; give timing.cue_s",
    "capture: {cameras: 2}\n": "one person is filmed by one camera",
    "ratings: {attention: {prompt: 'A', low: a, high: b}}\n": "the name is taken",
    "ratings: {r: {prompt: 'A', low: a, high: b, after: session, blocks: [watch]}}\n": (
        "ratings.r.blocks says nothing about a question after the session"
    ),
    "design: {visits: [pre-1, pre1]}\n": "would share the file name 'pre1'",
    "design: {visits: [pre, pre]}\n": "design.visits names 'pre' twice",
    "stimuli: {pattern: '{identity}-{kind}'}\n": "put {emotion} into it",
    "stimuli: {pattern: '{emotion}-{kind}'}\n": "put {identity} into it",
    "timing: {iti_s: {low: 3, high: 1}}\n": "low <= high",
    "timing: {iti_s: {low: 3, high: 4, values: [1, 2]}}\n": "low and high are others than theirs",
    PHOTO: "no face is ever seen",
}


@pytest.mark.parametrize("text", list(CONTRADICTIONS))
def test_a_key_that_contradicts_another_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        changed(text)
    assert CONTRADICTIONS[text] in str(caught.value)
    assert "line 4: " in str(caught.value)


def test_a_later_session_has_an_order_of_its_own() -> None:
    protocol = load_protocol(HOUSE)
    first = plan_session(protocol, "01")
    for label in ("1", "01"):
        same = plan_session(protocol, "01", session=label)
        assert same.steps == first.steps
    second, third = (plan_session(protocol, "01", session=s) for s in ("2", "3"))
    orders = [[s.stimulus_id for s in plan.steps if s.trial_id] for plan in (first, second, third)]
    assert len({tuple(order) for order in orders}) == 3
    assert plan_session(protocol, "01", session="2") == second
    visits = changed("design: {visits: [pre, post]}\n")
    pre = plan_session(visits, "01", visit="pre")
    assert plan_session(visits, "01", visit="pre", session="pre") == pre
    assert plan_session(visits, "01", visit="pre", session="2").steps != pre.steps


def test_a_hidden_purpose_is_told_at_the_end_and_an_open_one_before() -> None:
    hidden = plan_session(load_protocol(HOUSE), "01")
    assert (hidden.consent, hidden.closing) == (CONSENT, CLOSING)
    told = plan_session(changed("capture: {hidden_purpose: false}\n"), "01")
    assert "measured" in " ".join(told.consent)
    assert told.closing == ()


def test_a_break_lasts_as_long_as_its_block_says() -> None:
    protocol = changed("blocks: {watch: {break_s: 45, runs: 2}, imitate: {break_s: 0}}\n")
    steps = plan_session(protocol, "01").steps
    breaks = {s.step_id: s.min_s for s in steps if s.kind == "break"}
    assert {s.min_s for s in steps if s.kind != "break"} == {0.0}
    assert breaks["watch-1-break"] == 0  # between runs of a block people go on as they like
    assert breaks["watch-2-break"] == 45
    assert breaks["imitate-1-break"] == 0


@pytest.mark.parametrize(
    ("text", "said"), [(b"", "is empty"), (b"\n \n", "is empty"), (b"\xff\xfe", "UTF-8")]
)
def test_a_consent_text_without_words_is_refused(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "consent.txt"
    file.write_bytes(text)
    words = ("run", HOUSE, "--participant", "01", "--study", tmp_path / "s", "--consent", file)
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "s").exists()


def test_a_video_is_not_silently_kept(tmp_path: Path) -> None:
    words = ("run", HOUSE, "--participant", "01", "--study", tmp_path / "s", "--delete-video")
    result = run(*words, "--no-score")
    assert result.exit_code == 2
    assert "Leave out --no-score or --delete-video" in result.stderr


@pytest.mark.parametrize("name", ["mimic-watch-inhibit", "reduced-response"])
def test_a_question_about_a_dropped_block_goes_with_it(name: str, tmp_path: Path) -> None:
    parent = load_protocol(name)
    for dropped in list(parent.file.blocks)[1:]:
        head = f"name: mine\nextends: {name}\nprovenance: {{'*': default}}\n"
        try:
            variant = protocol_from_text(f"{head}blocks: {{{dropped}: null}}\n", path="mine.yaml")
        except ProtocolError:
            continue  # the planned test needs the block
        rehearse(variant)
        prepare_study(tmp_path / dropped, variant)
        asked = [block for rating in variant.file.ratings.values() for block in rating.blocks]
        assert dropped not in asked
