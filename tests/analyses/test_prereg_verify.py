"""A preregistration is frozen, and every later difference is named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mimicry import __version__
from mimicry.analyses.prereg import freeze, read_prereg, render_prereg, unhashed, write_prereg
from mimicry.analyses.verify import verify_study
from mimicry.cli import app
from mimicry.errors import InputError, IntegrityError, OutputExistsError
from mimicry.files import digest, write_json
from mimicry.protocol import load_protocol
from mimicry.study.blind import exclusion_digest

NAME = "dynamic-happy-angry"


@pytest.fixture(scope="module")
def protocol(tmp_path_factory):
    """The house protocol, planned for two people."""
    path = tmp_path_factory.mktemp("protocol") / f"{NAME}.yaml"
    text = Path(load_protocol(NAME).path).read_text()
    path.write_text(text.replace("participants: 52", "participants: 2"))
    return load_protocol(path)


@pytest.fixture
def study(tmp_path, protocol):
    """A study of two participants, scored as preregistered."""
    root = tmp_path / "study"
    root.mkdir()
    (root / "protocol.yaml").write_bytes(Path(protocol.path).read_bytes())
    write_prereg(freeze(protocol), root / "prereg.json")
    edit(root / "prereg.json", lambda d: d.update(frozen_at="2026-01-01T12:00:00+00:00"))
    (root / "prereg.md").write_text(render_prereg(json.loads((root / "prereg.json").read_text())))
    results = root / "derivatives" / "mimicry"
    header = "participant\tsession\tblock\ttrial_id\tcondition\tstimulus\tvalid\tdelta_AU12_main\n"
    rows = []
    for person in ("01", "02"):
        (root / f"sub-{person}" / "beh").mkdir(parents=True)
        (root / f"sub-{person}" / "beh" / f"sub-{person}_task-x_events.tsv").write_text("onset\n")
        own = results / f"sub-{person}"
        own.mkdir(parents=True)
        row = f"{person}\tn/a\twatch\t1\thappy\ta\t1\t0.25\n"
        rows.append(row)
        (own / f"sub-{person}_task-x_scores.tsv").write_text(header + row)
        sidecar = {
            "inputs": {
                "settings": protocol.scoring_settings().to_json(),
                "protocol": {"name": NAME, "digest": protocol.digest},
                "participant": person,
                "neutral": None,
            },
            "versions": {"mimicry": __version__},
            "stimuli": {"sha256": protocol.timelines().sha256},
        }
        write_json(own / f"sub-{person}_task-x_scores.json", sidecar)
        (own / f"sub-{person}_task-x_scores.log").write_text(
            f"time\tversion\tdigest\n2026-02-0{person[1]}T09:00:00+00:00\t0.1.0\tx\n"
        )
    (results / "scores.tsv").write_text(header + "".join(rows))
    return root


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def keys(root):
    return {difference.key for difference in verify_study(root).differences}


def test_an_unchanged_study_is_as_preregistered(study):
    found = verify_study(study)
    assert not found.differences
    assert len(found.checked) == 3


def test_equal_protocols_give_equal_documents(protocol):
    one = freeze(protocol)
    assert one == freeze(load_protocol(protocol.path))
    assert one["primary"]["sesoi_d"] == 0.3
    assert one["action_units"]["happy"]["targets"] == ["AU12"]
    assert one["seeds"]["scoring"] == protocol.seed


def test_a_changed_preregistration_is_found_out(study):
    edit(study / "prereg.json", lambda d: d["primary"].update(alpha=0.1))
    with pytest.raises(IntegrityError, match="changed after it was made"):
        verify_study(study)


def test_a_preregistration_is_never_replaced(study, protocol):
    before = (study / "prereg.json").read_bytes()
    write_prereg(freeze(protocol), study / "prereg.json")
    other = {**freeze(protocol), "hash": "0" * 64}
    with pytest.raises(OutputExistsError, match="never replaced"):
        write_prereg(other, study / "prereg.json")
    assert (study / "prereg.json").read_bytes() == before


def test_a_changed_window_in_the_protocol_is_named(study):
    path = study / "protocol.yaml"
    text = path.read_text()
    path.write_text(text.replace("sesoi_d: 0.3", "sesoi_d: 0.2"))
    assert keys(study) == {"analysis.primary.sesoi_d"}


def leaves(value, path=()):
    """Every value of a document that is no mapping, and every empty one."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    else:
        yield path


def other(value):
    """Return a value of the same kind that is another one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [*value, value[0]] if value else ["another"]
    return "another"


def frozen_again(study, path, value):
    """Write the plan as if it had been frozen with another value."""
    document = json.loads((study / "prereg.json").read_text())
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value(inner[path[-1]])
    document["hash"] = digest(unhashed(document))
    (study / "prereg.json").write_text(json.dumps(document))
    (study / "prereg.md").write_text(render_prereg(document))


@pytest.mark.slow
def test_every_frozen_value_that_the_study_does_not_have_is_named(study):
    plan = (study / "prereg.json").read_bytes()
    paths = [p for p in leaves(json.loads(plan)) if p[0] not in ("hash", "frozen_at")]
    assert len(paths) > 200
    silent = []
    for path in paths:
        (study / "prereg.json").write_bytes(plan)
        frozen_again(study, path, other)
        try:
            found = verify_study(study).differences
        except InputError as error:
            found = [error] if path[-1] in str(error) else []
        if not found:
            silent.append(".".join(path))
    assert not silent


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (("mimicry",), "mimicry version"),
        (("protocol", "digest"), "protocol.digest"),
        (("protocol", "title"), "protocol.title"),
        (("hypothesis", "statement"), "hypothesis.statement"),
        (("primary", "alpha"), "primary.alpha"),
        (("secondary",), "secondary"),
        (("gate",), "gate"),
        (("exclusions", "rules"), "exclusions.rules"),
        (("exclusions", "validity", "min_fps"), "exclusions.validity.min_fps"),
        (("windows", "window late"), "windows.window late"),
        (("groups", "control"), "groups.control"),
        (("action_units", "happy", "targets"), "action_units.happy.targets"),
        (("seeds", "scoring"), "seeds.scoring"),
        (("sample", "participants"), "sample.participants"),
        (("stimuli", "manifest"), "stimuli.manifest"),
        (("options", "neutral"), "options.neutral"),
        (("settings", "windows", "main"), "settings.windows.main"),
        (("content", "design", "seed"), "design.seed"),
        (("content", "analysis", "exclusions"), "analysis.exclusions"),
    ],
)
def test_the_key_that_differs_is_named(study, path, key):
    frozen_again(study, path, other)
    assert key in keys(study)


def test_a_value_that_no_plan_can_have_is_one_sentence(study):
    frozen_again(study, ("format",), other)
    with pytest.raises(InputError, match="format is 3"):
        verify_study(study)


@pytest.mark.parametrize(
    ("change", "key", "found"),
    [
        (lambda c: c["inputs"].update(neutral=[[0, 2]]), "options.neutral", [[0, 2]]),
        (lambda c: c["inputs"].update(reading={"face": "left"}), "options.reading.face", "left"),
        (lambda c: c["inputs"].update(reading={"clock": "unix"}), "options.reading.clock", "unix"),
        (lambda c: c["stimuli"].update(sha256="0"), "stimuli.manifest", "0"),
        (lambda c: c.pop("stimuli"), "stimuli.manifest", "not there"),
    ],
)
def test_an_option_of_scoring_that_the_plan_does_not_have_is_named(study, change, key, found):
    edit(study / "derivatives/mimicry/sub-01/sub-01_task-x_scores.json", change)
    (difference,) = verify_study(study).differences
    assert (difference.key, difference.current) == (key, found)


def test_exclusions_that_the_scores_do_not_have_and_others_are_named(study):
    path = study / "derivatives/mimicry/sub-01/sub-01_task-x_scores.json"
    edit(path, lambda c: c["inputs"].update(exclusions={"1": "sneezed"}))
    assert keys(study) == {"exclusions"}
    (study / "exclusions.tsv").write_text(
        "participant\ttrial_id\treason\n01\t1\tsneezed\n02\t\tasked\n"
    )
    lock = {"tables": {}, "exclusions": exclusion_digest(study)}
    write_json(study / "blind.json", {"blind": True, "locked": lock})
    found = verify_study(study).differences
    assert [(d.where[-26:], d.key, d.frozen) for d in found] == [
        ("/sub-02_task-x_scores.json", "exclusion", "asked")
    ]


def test_an_exclusion_belongs_to_the_recording_that_has_the_trial(study):
    """A person's other recording lacks the trial; a trial that nobody excluded is named."""
    folder = study / "derivatives/mimicry/sub-01"
    for name, trials in (("sub-01_task-x", ["1"]), ("sub-01_task-y", ["2"])):
        if name.endswith("y"):
            (folder / f"{name}_scores.json").write_bytes(
                (folder / "sub-01_task-x_scores.json").read_bytes()
            )
        rows = "".join(f"01\t{trial}\n" for trial in trials)
        (folder / f"{name}_scores.tsv").write_text(f"participant\ttrial_id\n{rows}")
    edit(
        folder / "sub-01_task-x_scores.json",
        lambda c: c["inputs"].update(exclusions={"1": "sneezed", "9": "outlier"}),
    )
    (study / "exclusions.tsv").write_text("participant\ttrial_id\treason\n01\t1\tsneezed\n")
    lock = {"tables": {}, "exclusions": exclusion_digest(study)}
    write_json(study / "blind.json", {"blind": True, "locked": lock})
    found = [d for d in verify_study(study).differences if d.key.startswith("exclusion")]
    assert [(d.where.rsplit("/", 1)[1], d.key) for d in found] == [
        ("sub-01_task-x_scores.json", "exclusion of trial 9")
    ]


@pytest.mark.parametrize(
    ("name", "settings", "key"),
    [
        ("group", {"by": "sex"}, "by"),
        ("group", {"control": "autism"}, "control"),
        ("group", {"protocol": "other"}, "protocol"),
        ("group_reliability", {"window": "late"}, "window"),
        ("group_reliability", {"seed": 99}, "seed"),
        ("group_reliability", {"scores": "of last week"}, "scores"),
        ("group_multiverse", {"grid": {"condition": "angry"}}, "grid.condition"),
        ("group_multiverse", {"grid": {"block": "imitate"}}, "grid.block"),
        ("group_multiverse", {"exclusions": "others"}, "exclusions"),
        ("group_multiverse", {"stimuli": "others"}, "stimuli"),
    ],
)
def test_an_option_of_an_analysis_that_the_plan_does_not_have_is_named(
    study, protocol, name, settings, key
):
    path = study / "derivatives/mimicry" / f"{name}.json"
    write_json(path, {"settings": {"protocol": protocol.digest} | settings})
    found = verify_study(study).differences
    assert key in {d.key for d in found}
    assert {d.where for d in found} == {f"derivatives/mimicry/{name}.json"}


def test_groups_that_were_not_planned_are_named(study, protocol):
    document = json.loads((study / "prereg.json").read_text())
    document["content"]["design"]["groups"] = {"a": "one", "b": "two"}
    document["hash"] = digest(unhashed(document))
    (study / "prereg.json").write_text(json.dumps(document))
    (study / "participants.tsv").write_text("participant_id\tgroup\nsub-01\ta\nsub-02\tc\n")
    found = [d for d in verify_study(study).differences if d.where == "participants.tsv"]
    assert [(d.key, d.current) for d in found] == [("design.groups", ["a", "c"])]


def test_a_readable_text_that_says_something_else_is_named(study):
    (study / "prereg.md").write_text((study / "prereg.md").read_text().replace("0.3", "0.2"))
    assert [(d.where, d.key) for d in verify_study(study).differences] == [("prereg.md", "text")]


def test_the_time_of_freezing_is_compared_with_the_first_scoring(study):
    found = verify_study(study)
    assert found.order.known == "before"
    assert "first scoring at 2026-02-01T09:00:00+00:00" in found.order.sentence()
    edit(study / "prereg.json", lambda d: d.update(frozen_at="2026-02-01T10:00:00+00:00"))
    edit_text(study)
    found = verify_study(study)
    assert [d.key for d in found.differences] == ["frozen_at"]
    assert found.order.known == "after"


def test_a_plan_that_was_just_frozen_agrees_with_its_readable_text(study, protocol):
    for name in ("prereg.json", "prereg.md"):
        (study / name).unlink()
    write_prereg(freeze(protocol), study / "prereg.json")
    assert {d.key for d in verify_study(study).differences} == {"frozen_at"}  # after the scores
    compared = load_protocol("reduced-response")  # groups are compared, within and between
    write_prereg(freeze(compared), study / "other.json")
    found = verify_study(study, study / "other.json").differences
    assert "other.md" not in {d.where for d in found}


def edit_text(study):
    document = json.loads((study / "prereg.json").read_text())
    (study / "prereg.md").write_text(render_prereg(document))


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (lambda s: log(s).unlink(), "1 scored recordings have no log (sub-02_task-x)"),
        (lambda s: log(s).write_text("time\nyesterday\n"), "no log"),
        (lambda s: log(s).write_bytes(b"\xff\x00"), "no log"),
        (lambda s: edit(s / "prereg.json", lambda d: d.pop("frozen_at")), "no time of freezing"),
        (lambda s: edit(s / "prereg.json", lambda d: d.update(frozen_at=[1])), "no time of"),
    ],
)
def test_without_a_log_or_a_time_the_order_is_unknown(study, spoil, part):
    spoil(study)
    edit_text(study)
    found = verify_study(study)
    assert found.order.known == "unknown"
    assert part in found.notes[0]
    assert not found.differences


def log(study):
    return study / "derivatives/mimicry/sub-02/sub-02_task-x_scores.log"


def test_the_time_is_no_part_of_the_hash(study, protocol):
    assert read_prereg(study / "prereg.json")["hash"] == freeze(protocol)["hash"]


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"inputs": []}', "{", "", '{"inputs": 1}'])
def test_a_spoilt_sidecar_is_one_sentence(study, text):
    for name in ("sub-01/sub-01_task-x_scores.json", "group.json"):
        path = study / "derivatives/mimicry" / name
        before = path.read_text() if path.exists() else None
        path.write_text(text)
        answer = CliRunner().invoke(app, ["verify", str(study)])
        assert answer.exit_code == 2
        assert isinstance(answer.exception, SystemExit)
        path.write_text(before) if before is not None else path.unlink()


@pytest.mark.parametrize("key", ["settings", "content", "protocol", "primary", "hash", "sample"])
@pytest.mark.parametrize("value", [None, 3, [], "x"])
def test_a_plan_with_a_spoilt_part_is_one_sentence(study, key, value):
    edit(study / "prereg.json", lambda d: d.update({key: value}))
    answer = CliRunner().invoke(app, ["verify", str(study)])
    assert answer.exit_code == 2
    assert isinstance(answer.exception, SystemExit)
    assert answer.stderr.count("\n") <= 2


def test_settings_of_a_scored_recording_that_differ_are_named(study):
    path = study / "derivatives/mimicry/sub-02/sub-02_task-x_scores.json"

    def change(content):
        content["inputs"]["settings"]["windows"]["main"] = [0.3, 2.5]
        content["inputs"]["settings"]["seed"] = 7
        content["versions"]["mimicry"] = "9.9"

    edit(path, change)
    found = verify_study(study).differences
    assert {d.key for d in found} == {"settings.windows.main", "settings.seed", "mimicry version"}
    assert "was [0.5, 2.5], is [0.3, 2.5]" in str(found[1])
    assert all("sub-02" in d.where for d in found)


def test_a_person_who_was_recorded_and_left_out_is_named(study):
    own = study / "derivatives/mimicry/sub-02"
    for path in own.iterdir():
        path.unlink()
    table = study / "derivatives/mimicry/scores.tsv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:2]))
    assert keys(study) == {"scores", "sample.participants"}
    failures = study / "derivatives/mimicry/failures.tsv"
    failures.write_text("input\nsub-02/beh/sub-02_task-x_video-2.mp4\n")
    assert keys(study) == {"scores", "sample.participants"}  # a name that holds another is another
    failures.write_text("input\nsub-02/beh/sub-02_task-x_video.mp4\n")
    assert keys(study) == {"sample.participants"}
    found = verify_study(study, incomplete=True)
    assert not found.differences
    assert "sample.participants was 2, is 1" in found.notes[-1]


def test_edited_and_missing_rows_of_the_table_are_named(study):
    table = study / "derivatives/mimicry/scores.tsv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text(lines[0] + lines[1].replace("0.25", "0.95"))
    assert keys(study) == {"trial 01/watch/1, delta_AU12_main", "trial 02/watch/1"}


def test_an_analysis_with_another_protocol_is_named(study):
    write_json(
        study / "derivatives/mimicry/group_reliability.json", {"settings": {"protocol": "other"}}
    )
    assert keys(study) == {"protocol"}


def test_a_study_without_scores_has_its_protocol_compared(tmp_path, study):
    for path in sorted((study / "derivatives").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    found = verify_study(study)
    assert found.checked == ("protocol.yaml",)
    assert "nothing has been scored" in found.notes[0]


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(InputError, match="no such study"):
        verify_study(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no preregistration in the study"):
        verify_study(tmp_path)
    (tmp_path / "prereg.json").write_text("{}")
    with pytest.raises(InputError, match="not a preregistration"):
        read_prereg(tmp_path / "prereg.json")


def test_the_commands_freeze_and_verify(tmp_path, study):
    run = CliRunner().invoke
    out = tmp_path / "plan.json"
    made = run(app, ["prereg", NAME, "--out", str(out), "--json"])
    frozen = json.loads(out.read_text())
    assert frozen["frozen_at"] in out.with_suffix(".md").read_text()
    assert "no proof" in out.with_suffix(".md").read_text()
    assert made.exit_code == 0
    assert json.loads(made.stdout)["hash"] in out.with_suffix(".md").read_text()
    assert run(app, ["verify", str(study)]).exit_code == 0
    edit(
        study / "derivatives/mimicry/sub-01/sub-01_task-x_scores.json",
        lambda c: c["inputs"]["settings"].update(rate_hz=60.0),
    )
    answer = run(app, ["verify", str(study), "--json"])
    assert answer.exit_code == 2
    envelope = json.loads(answer.stdout)
    assert envelope["status"] == "failed"
    assert envelope["error"]["type"] == "IntegrityError"
    assert envelope["differences"][0]["key"] == "settings.rate_hz"
    assert "differs from the preregistration in 1 place" in answer.stderr


@pytest.mark.parametrize("column", range(8))
def test_a_cell_of_the_studys_table_that_was_edited_is_named(study, column):
    path = study / "derivatives" / "mimicry" / "scores.tsv"
    lines = path.read_text().split("\n")
    cells = lines[1].split("\t")
    cells[column] = "9"
    path.write_text("\n".join([lines[0], "\t".join(cells), *lines[2:]]))
    differences = verify_study(study).differences
    assert {d.where for d in differences} == {"scores.tsv"}
    named = " ".join(d.key for d in differences)
    name = lines[0].split("\t")[column]
    assert name in named or named.count("trial ") == 2  # a key: one trial lacks, one is too many
