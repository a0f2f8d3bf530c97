"""Who may read what is written: private when new, as it was when replaced."""

import os
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mimicry import files
from mimicry.files import Access, make_folders

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")

LIST, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """A user whose files everybody may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def entries(group: int, named: int, others: int) -> bytes:
    """An access control list: rights of the file's group, of group 4242 and of everybody."""
    rows = (
        (0x01, 7, -1),
        (0x04, group, -1),
        (0x08, named, 4242),
        (0x10, 7, -1),
        (0x20, others, -1),
    )
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", kind, rights, who & 0xFFFFFFFF) for kind, rights, who in rows
    )


GiveList = Callable[[Path, str, bytes], None]


@pytest.fixture
def give_list(without: Callable[[str], None]) -> GiveList:
    """Give a path an access control list."""

    def give(path: Path, name: str, content: bytes) -> None:
        try:
            os.setxattr(path, name, content)
        except (OSError, AttributeError):
            without("a file system with access control lists (Linux)")

    return give


@pytest.mark.parametrize("before", [0o664, 0o640, 0o600, 0o444])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, before: int) -> None:
    path = files.write_text(tmp_path / "participants.tsv", "old")
    path.chmod(before)
    with files.private():
        files.write_text(path, "new")
    files.write_text(path, "newer")
    assert mode(path) == before
    assert path.read_text() == "newer"


def test_a_new_file_and_one_in_place_of_a_link_to_nowhere_are_private(tmp_path: Path) -> None:
    (tmp_path / "b.tsv").symlink_to(tmp_path / "nowhere")
    with files.private():
        made = [files.write_text(tmp_path / name, "x") for name in ("a.tsv", "b.tsv")]
    assert [mode(p) for p in made] == [0o600, 0o600]


def test_a_result_that_is_made_anew_is_open_to_those_it_was_open_to(tmp_path: Path) -> None:
    path = files.write_text(tmp_path / "scores.json", "{}")
    path.chmod(0o660)
    with files.private():
        files.take_away(path)
        assert not path.exists()
        files.write_text(path, "{}")
        assert mode(path) == 0o660
        path.unlink()
        files.write_text(path, "{}")
        files.take_away(tmp_path / "absent.json")
    assert mode(path) == 0o600


@pytest.mark.skipif(
    os.name != "posix" or os.getuid() != 0, reason="needs root: gives a file to another group"
)
def test_the_group_is_kept_or_gets_what_everybody_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.write_text(tmp_path / "a.tsv", "old")
    os.chown(path, -1, 4242)
    path.chmod(0o664)
    with files.private():
        files.write_text(path, "new")
    assert (path.stat().st_gid, mode(path)) == (4242, 0o664)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    with files.private():
        files.write_text(path, "newer")
    assert (path.stat().st_gid, mode(path)) == (os.getgid(), 0o644)


def test_an_access_control_list_is_handed_on(
    tmp_path: Path, give_list: GiveList, monkeypatch
) -> None:
    path = files.write_text(tmp_path / "a.tsv", "old")
    give_list(path, LIST, entries(0, 6, 0))  # the mode alone would open it to the file's group
    with files.private():
        files.write_text(path, "new")
    assert os.getxattr(path, LIST) == entries(0, 6, 0)
    # a colleague who is not in the file's group: theirs gets nothing, the named group all it had
    give_list(path, LIST, entries(6, 6, 0))
    known = Access.of(path)
    assert known is not None
    other = files.write_text(tmp_path / "b.tsv", "new")
    monkeypatch.setattr(os, "chown", lambda *_: (_ for _ in ()).throw(PermissionError()))
    Access(known.mode, known.group + 1, known.entries).give(other)
    assert os.getxattr(other, LIST) == entries(0, 6, 0)


def test_the_folders_of_a_study_are_made_like_the_one_above(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    lab.chmod(0o2770)
    study = lab / "deep" / "study"
    with files.private():
        files.make_folder(study / "derivatives" / "mimicry" / "sub-01" / "ses-1")
        make_folders(study / "sourcedata" / "sub-01")
        make_folders(lab / "plain")
        files.make_folder(lab / "second", shared=True)
        files.make_folder(lab / "out" / "of" / "extract")
        files.make_folder(lab / "sub-02" / "derivatives" / "mimicry")
    shared = (study.parent, study, study / "derivatives", study / "derivatives" / "mimicry")
    for folder in (*shared, study / "sourcedata", lab / "second"):
        assert mode(folder) == 0o2770, folder
    own = (study / "derivatives" / "mimicry" / "sub-01", study / "sourcedata" / "sub-01")
    for folder in (
        *own,
        own[0] / "ses-1",
        lab / "plain",
        lab / "out",
        lab / "out" / "of",
        lab / "sub-02",
    ):
        assert mode(folder) & 0o777 == 0o700, folder
    assert mode(lab / "sub-02" / "derivatives") & 0o777 == 0o700


def test_folders_follow_the_user_where_nothing_is_private_or_all_may_write(tmp_path: Path) -> None:
    everybodys = tmp_path / "tmp"
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    with files.private():
        files.make_folder(everybodys / "a", shared=True)
    tmp_path.chmod(0o777)
    files.make_folder(tmp_path / "b" / "derivatives")
    assert [mode(everybodys / "a"), mode(tmp_path / "b" / "derivatives")] == [0o755, 0o755]


def test_a_default_list_decides_about_new_files_and_folders(
    tmp_path: Path, give_list: GiveList
) -> None:
    study = tmp_path / "study"
    study.mkdir(mode=0o700)
    give_list(study, DEFAULT, entries(0, 7, 0))
    with files.private(), files.about_nobody():
        files.make_folder(study / "derivatives" / "mimicry" / "sub-01")
        files.write_text(study / "protocol.yaml", "x")
    for path in (study / "derivatives" / "mimicry", study / "derivatives/mimicry/sub-01"):
        assert os.getxattr(path, LIST) == entries(0, 7, 0)
    assert mode(study / "protocol.yaml") == 0o660


def test_what_is_about_nobody_follows_the_user(tmp_path: Path) -> None:
    with files.private():
        with files.about_nobody():
            first = files.write_text(tmp_path / "protocol.yaml", "x")
        second = files.write_text(tmp_path / "scores.tsv", "x")
    assert [mode(first), mode(second)] == [0o644, 0o600]


def test_overlapping_private_blocks_of_threads_leave_the_users_umask(tmp_path: Path) -> None:
    entered, left = threading.Event(), threading.Event()

    def second() -> None:
        with files.private():
            entered.set()
            left.wait(20)
            files.write_text(tmp_path / "second", "x")

    thread = threading.Thread(target=second)
    with files.private():
        thread.start()
        assert entered.wait(20)
    left.set()
    thread.join()
    assert mode(tmp_path / "second") == 0o600
    assert os.umask(0o022) == 0o022
