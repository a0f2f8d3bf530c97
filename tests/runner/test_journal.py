"""What is on the disk is whole: pieces in order, once, checked; a crash loses no stored piece."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lab import small_plan
from served import Client, reserved, served

from mimicry.errors import InputError, QualityWarning
from mimicry.runner import journal as journal_module
from mimicry.runner.journal import Journal


@pytest.fixture
def session(tmp_path: Path):
    with served(tmp_path) as (client, journal):
        client.claim()
        yield client, journal


def content(journal: Journal, client: Client, stream: str) -> bytes:
    return journal.path(client.segment, stream).read_bytes()


def test_pieces_are_stored_in_order(session) -> None:
    client, journal = session
    assert client.piece("video", b"one").status == 200
    assert client.piece("video", b"two").status == 200
    assert content(journal, client, "video") == b"onetwo"


def test_a_repeated_piece_is_accepted_and_stored_once(session) -> None:
    client, journal = session
    client.piece("video", b"one")
    assert client.piece("video", b"one", seq=0).status == 200
    assert content(journal, client, "video") == b"one"


def test_a_missing_piece_is_asked_for(session) -> None:
    client, journal = session
    answer = client.piece("video", b"late", seq=2)
    assert answer.status == 409
    assert answer.json()["want"] == 0
    assert not journal.path(client.segment, "video").exists()


def test_a_damaged_piece_is_refused(session) -> None:
    client, journal = session
    assert client.piece("video", b"bytes", X_CRC32="1").status == 400
    assert not journal.path(client.segment, "video").exists()


def test_a_second_window_is_refused_while_the_first_is_alive(session) -> None:
    client, _ = session
    other = Client(client.server, client.cookie)
    assert other.claim("w2").status == 409
    assert client.piece("events", b'{"type":"x"}\n').status == 200


def test_the_same_window_takes_the_session_again_at_once(session) -> None:
    client, _ = session
    first = client.lease
    assert client.claim("w1").status == 200
    assert client.segment == 2
    client.lease, lease = first, client.lease
    assert client.piece("video", b"old").status == 409
    client.lease = lease
    assert client.piece("video", b"new").status == 200


def test_a_second_window_may_come_when_the_first_has_gone(session, monkeypatch) -> None:
    client, journal = session
    monkeypatch.setattr(journal_module, "LEASE_S", 0.2)
    time.sleep(0.3)
    assert not journal.connected()
    assert Client(client.server, client.cookie).claim("w2").status == 200


def test_a_session_reopened_after_a_crash_keeps_every_stored_piece(tmp_path: Path) -> None:
    with served(tmp_path) as (client, journal):
        client.claim()
        client.piece("video", b"whole")
        client.event(type="step_end", step="t1", status="done")
        folder, cookie, lease = journal.folder, client.cookie, client.lease
    with journal.path(1, "video").open("ab") as file:
        file.write(b"torn")  # a piece that was being written
    with (folder / "journal.tsv").open("ab") as file:
        file.write(b"seg-001_video.ivf\t1")
    again = Journal.open(folder)
    assert again.path(1, "video").read_bytes() == b"whole"
    assert again.done == {"t1"}
    with reserved(again) as client:  # a page that outlived the server goes on with its lease
        client.cookie, client.lease, client.segment = cookie, lease, 1
        client.sent = {"video": 1, "events": 1}
        assert client.piece("video", b"next").status == 200
        assert again.connected()
    assert again.path(1, "video").read_bytes() == b"wholenext"


def test_a_shortened_stream_is_noticed_and_what_is_left_is_kept(tmp_path: Path) -> None:
    with served(tmp_path) as (client, journal):
        client.claim()
        client.piece("video", b"whole")
    journal.path(1, "video").write_bytes(b"who")
    with pytest.warns(QualityWarning, match="damaged"):
        again = Journal.open(journal.folder)
    assert again.path(1, "video").read_bytes() == b"who"


def _spoil(name: str, content: bytes | None) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)

    return spoil


def _flip(folder: Path) -> None:
    lines = (folder / "journal.tsv").read_bytes().split(b"\n")
    (folder / "journal.tsv").write_bytes(b"\n".join([b"\xff\0oops", *lines[1:]]))


DAMAGE = {
    "no journal": _spoil("journal.tsv", None),
    "an empty journal": _spoil("journal.tsv", b""),
    "a journal of other lines": _spoil("journal.tsv", b"a\tb\n1\n\n"),
    "huge numbers": _spoil("journal.tsv", b"seg-001_video.ivf\t" + b"9" * 5000 + b"\t1\t1\n"),
    "one damaged line": _flip,
    "a shortened stream": _spoil("seg-001_video.ivf", b"w"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_session_with_a_damaged_journal_goes_on_and_loses_nothing(
    tmp_path: Path, name: str
) -> None:
    with served(tmp_path) as (client, journal):
        client.claim()
        client.piece("video", b"whole")
        client.event(type="step_end", step="t1", status="done")
    DAMAGE[name](journal.folder)
    before = {p.name: p.read_bytes() for p in journal.folder.glob("seg-*")}
    with pytest.warns(QualityWarning, match="damaged"):
        again = Journal.open(journal.folder)
    assert {p.name: p.read_bytes() for p in journal.folder.glob("seg-*")} == before
    assert again.done == {"t1"}
    with reserved(again) as client:
        client.launch()
        assert client.claim().json()["segment"] == 2
        assert client.piece("video", b"more").status == 200


def test_lost_keys_and_foreign_files_do_not_stop_a_session(tmp_path: Path) -> None:
    with served(tmp_path) as (client, journal):
        client.claim()
        client.piece("events", b'{"type": 5}\n[]\n{"type": "step_end", "status": "done"}\n{\n')
    for raw in (b"[]", b"", b'{"secret": 5}', b'{"secret": "a", "lease": {"token": 1}}'):
        (journal.folder / "session.key").write_bytes(raw)
        (journal.folder / "seg-abc_video.ivf").write_bytes(b"x")
        (journal.folder / "seg-001_notes.txt").write_bytes(b"x")
        assert Journal.open(journal.folder).segment == 1


@pytest.mark.parametrize("plan", [b"", b"[]", b'{"steps": 5}', b"[" * 99_999, b"\xff"])
def test_a_damaged_plan_is_one_sentence(tmp_path: Path, plan: bytes) -> None:
    with served(tmp_path) as (_, journal):
        pass
    (journal.folder / "plan.json").write_bytes(plan)
    with pytest.raises(InputError, match=r"plan\.json"):
        Journal.open(journal.folder)


def test_an_event_cut_into_two_pieces_is_understood(session) -> None:
    client, journal = session
    line = json.dumps({"type": "step_end", "step": "t2", "status": "done"}).encode() + b"\n"
    client.piece("events", line[:20])
    assert journal.done == set()
    client.piece("events", line[20:])
    assert journal.done == {"t2"}


def test_a_full_disk_is_told_to_the_page_and_room_for_events_is_kept(session, monkeypatch) -> None:
    client, journal = session
    client.piece("video", b"before")
    monkeypatch.setattr(Journal, "free_bytes", lambda self: 100_000)
    answer = client.piece("video", b"after")
    assert (answer.status, answer.json()["error"]) == (507, "the disk is full")
    assert client.event(type="error").status == 200
    assert content(journal, client, "video") == b"before"


def test_a_session_that_would_not_fit_is_not_begun(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(Journal, "free_bytes", lambda self: 5 << 20)
    with served(tmp_path) as (client, _):
        answer = client.claim()
    assert answer.status == 507
    assert "may need" in answer.json()["error"]


def test_a_finished_session_takes_nothing_more(session) -> None:
    client, journal = session
    client.piece("video", b"all")
    assert client.post("/api/v1/finish").status == 200
    assert client.piece("video", b"more").status == 410
    assert client.claim().status == 410
    done = json.loads((journal.folder / "done.json").read_text())
    assert done["outcome"] == "finished"
    assert set(done["sha256"]) == {"seg-001_video.ivf"}
    assert not (journal.folder / "session.key").exists()
    with pytest.raises(InputError, match="finished"):
        Journal.open(journal.folder)


def test_the_operator_pauses_and_ends_through_the_pages_own_requests(session) -> None:
    client, journal = session
    operator = Client(client.server)
    operator.launch("operator")
    assert operator.post("/api/v1/operator/pause").status == 200
    assert client.piece("video", b"x").json() == {"command": "pause"}
    assert client.post("/api/v1/heartbeat").json() == {"command": "pause"}
    operator.post("/api/v1/operator/note", {"text": "moved the lamp"})
    operator.post("/api/v1/operator/abort")
    assert client.post("/api/v1/heartbeat").json() == {"command": "abort"}
    log = [json.loads(x) for x in (journal.folder / "operator.jsonl").read_text().splitlines()]
    assert [x["type"] for x in log] == ["pause", "note", "abort"]
    assert log[1]["text"] == "moved the lamp"


def test_a_folder_that_is_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no session"):
        Journal.open(tmp_path)


def test_a_plan_survives_the_disk(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, questions=True, image=True)
    journal = Journal.create(tmp_path / "study", plan)
    assert Journal.open(journal.folder).plan.to_json() == plan.to_json()
