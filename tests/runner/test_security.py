"""Who is kept out: other sites, other ports, rebound names, guessed paths, used links, floods."""

import contextlib
import re
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
from served import Client, cookie_of, served

from mimicry.errors import InputError, MimicryError
from mimicry.runner import connections
from mimicry.runner.browser import find_browser, open_browser
from mimicry.runner.serve import serving
from mimicry.study.layout import check_label

PATHS = ("/run", "/api/v1/plan", "/stim/0", "/static/run.js", "/api/v1/clock", "/operator")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    with served(tmp_path_factory.mktemp("secure")) as (client, journal):
        client.journal = journal
        yield client


def stranger(client: Client) -> Client:
    return Client(client.server)


def test_the_server_listens_on_the_loopback_address_only(client: Client) -> None:
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    port = f"{client.server.port:04X}"
    listening = [row.split()[1] for row in table if row.split()[3] == "0A"]
    mine = [address for address in listening if address.endswith(f":{port}")]
    assert mine == [f"0100007F:{port}"]


def test_a_launch_link_works_once(client: Client) -> None:
    link = client.server.link().split(str(client.server.port))[1]
    first = stranger(client).ask(link, Sec_Fetch_Site="none")
    again = stranger(client).ask(link, Sec_Fetch_Site="none")
    assert (first.status, again.status) == (200, 403)
    assert b'content="0;url=/run"' in first.body
    token = link.partition("k=")[2]
    assert len(token) >= 43, "256 bits"


def test_the_cookie_is_for_this_server_alone(client: Client) -> None:
    cookie = stranger(client).launch().headers["set-cookie"]
    assert re.match(rf"mimicry_participant_{client.server.port}=[0-9a-f]{{64}};", cookie)
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_served_without_the_cookie(client: Client, path: str) -> None:
    assert stranger(client).ask(path).status == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1", "[::1]:8765"])
def test_a_name_rebound_to_this_machine_is_refused(client: Client, host: str) -> None:
    assert client.ask("/api/v1/plan", Host=host).status == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "none, cross-site"])
def test_pages_of_other_sites_and_ports_are_refused(client: Client, site: str) -> None:
    assert client.ask("/api/v1/plan", Sec_Fetch_Site=site).status == 403
    assert client.post("/api/v1/claim", {"window": "x"}, Sec_Fetch_Site=site).status == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"without": ("Origin",)},
        {"without": ("X-Mimicry",)},
    ],
)
def test_a_post_needs_this_origin_and_the_own_header(client: Client, changed: dict) -> None:
    assert client.post("/api/v1/claim", {"window": "x"}, **changed).status == 403


def test_a_guessed_cookie_is_refused(client: Client) -> None:
    guess = stranger(client)
    guess.cookie = f"mimicry_participant_{client.server.port}=" + "0" * 64
    assert guess.ask("/run").status == 403


def test_the_participants_page_may_not_act_as_the_operator(client: Client) -> None:
    assert client.ask("/operator").status == 403
    assert client.ask("/api/v1/status").status == 403
    assert client.post("/api/v1/operator/abort").status == 403


def test_the_operators_page_may_not_take_the_session(client: Client) -> None:
    operator = stranger(client)
    operator.cookie = cookie_of(client.server.port, client.server.state, "operator")
    assert operator.ask("/api/v1/status").status == 200
    assert operator.claim().status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/static/run.js%00.html",
        "/static/....//app.py",
        "/stim/../../etc/passwd",
        "/stim/-1",
        "/stim/999999",
        "/stim/0x0",
        "/static/",
    ],
)
def test_no_path_of_a_request_reaches_the_files(client: Client, path: str) -> None:
    assert client.ask(path).status == 404


@pytest.mark.parametrize("stream", ["..", "plan", "session.key", "video%2f..", "VIDEO"])
def test_only_the_three_streams_can_be_written(client: Client, stream: str) -> None:
    client.claim()
    assert client.piece(stream, b"x", seq=0).status in {400, 404}


def test_a_declared_flood_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.ask(
        "/api/v1/chunk/1/video/0", method="POST", body=b"", Content_Length=str(17 << 20)
    )
    assert answer.status == 413


def test_an_undeclared_flood_is_cut_off(client: Client) -> None:
    """Chunked transfer declares no length; the limit counts what arrives."""
    client.claim()
    path = f"/api/v1/chunk/{client.segment}/video/0"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{client.server.port}\r\n"
        f"Origin: http://127.0.0.1:{client.server.port}\r\nX-Mimicry: 1\r\nX-CRC32: 1\r\n"
        f"Sec-Fetch-Site: same-origin\r\nCookie: {client.cookie}\r\nX-Lease: {client.lease}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    part = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    with socket.create_connection(("127.0.0.1", client.server.port), timeout=20) as link:
        link.sendall(head.encode())
        answer = b""
        try:
            for _ in range(40):
                link.sendall(part)
        except OSError:
            pass
        try:
            answer = link.recv(200)
        except ConnectionResetError:
            answer = b"HTTP/1.1 413"
    assert b" 413" in answer
    assert not client.journal.path(client.segment, "video").exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    answer = client.ask("/api/v1/plan", method=method)
    assert answer.status == 405
    assert not any(k.lower().startswith("access-control") for k in answer.headers)


@pytest.mark.parametrize("path", ["/run", "/api/v1/plan", "/static/run.js", "/nowhere"])
def test_every_answer_carries_the_safety_headers(client: Client, path: str) -> None:
    headers = {k.lower(): v for k, v in client.ask(path).headers.items()}
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "camera=(self)" in headers["permissions-policy"]


def test_refusals_carry_the_safety_headers_too(client: Client) -> None:
    headers = {k.lower(): v for k, v in stranger(client).ask("/run").headers.items()}
    assert headers["x-frame-options"] == "DENY"


def test_the_page_is_told_no_path_and_no_right_answer(client: Client) -> None:
    text = client.ask("/api/v1/plan").body.decode()
    assert str(client.journal.folder.parents[3]) not in text
    assert '"answer"' not in text
    assert '"path"' not in text


def test_the_session_folder_and_its_key_are_private(client: Client) -> None:
    folder = client.journal.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "session.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("label", ["../x", "a/b", "a b", "", "é", "01\n", "a-b", ".."])
def test_labels_are_letters_and_digits(label: str) -> None:
    with pytest.raises(InputError, match="letters and digits"):
        check_label(label, key="`participant`")


def test_a_taken_port_is_an_error_when_it_must_be_this_one(client: Client) -> None:
    with (
        pytest.raises(MimicryError, match="taken"),
        serving(client.server.state, port=client.server.port, must=True),
    ):
        pass


# -------------------------------------------------------------- floods of another kind

DEEP = b'{"window":' + b"[" * 30_000
HOSTILE = [
    DEEP,
    b"[]",
    b"null",
    b"\xff",
    b'{"window": 1e999}',
    b'{"reason": "\\ud800"}',
    b"9" * 6000,
]


@pytest.mark.parametrize("body", HOSTILE)
def test_a_hostile_body_is_refused_and_the_session_goes_on(client: Client, body: bytes) -> None:
    for path in ("/api/v1/claim", "/api/v1/finish", "/api/v1/result"):
        answer = client.ask(path, method="POST", body=body)
        assert (answer.status, "no JSON" in answer.json()["error"]) == (400, True)
    assert client.claim().status == 200
    assert client.piece("events", body + b"\n").status == 200  # stored as it is, read with care
    assert client.claim().status == 200


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("/stim/" + "9" * 5000, {}),
        ("/api/v1/live/" + "9" * 5000, {}),
        ("/api/v1/clock", {"Content_Length": "\u00b2"}),
        ("/api/v1/clock", {"Content_Length": "9" * 5000}),
    ],
)
def test_huge_numbers_are_refused(client: Client, path: str, changed: dict[str, str]) -> None:
    assert client.ask(path, **changed).status in {400, 414}


@pytest.mark.parametrize("crc", ["\u00b2", "9" * 5000, "-1", ""])
def test_a_checksum_that_is_no_number_is_refused(client: Client, crc: str) -> None:
    client.claim()
    assert client.piece("video", b"x", seq=0, X_CRC32=crc).status == 400


def test_a_lease_of_odd_letters_is_refused(client: Client) -> None:
    assert client.post("/api/v1/heartbeat", X_Lease="\u00e9").status == 409


def test_half_open_connections_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_S", 1.0)
    with served(tmp_path) as (client, _), contextlib.ExitStack() as stack:
        place = ("127.0.0.1", client.server.port)
        half = []
        for k in range(3 * connections.MOST):
            link = stack.enter_context(socket.create_connection(place, timeout=20))
            link.sendall(b"GET / HTTP/1.1\r\nX-a: "[: k % 20])
            half.append(link)
        assert client.claim().status == 200  # while all of them are there
        with contextlib.suppress(ConnectionError):
            for _ in range(30):  # a letter now and then does not keep a connection
                half[-1].sendall(b"x")
                time.sleep(0.1)
        for link in half:
            with contextlib.suppress(ConnectionError):
                assert link.recv(4096)[:12] in {b"", b"HTTP/1.1 400"}


def test_a_body_that_never_comes_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_S", 0.5)
    client.claim()
    head = (
        f"POST /api/v1/claim HTTP/1.1\r\nHost: 127.0.0.1:{client.server.port}\r\n"
        f"Origin: http://127.0.0.1:{client.server.port}\r\nX-Mimicry: 1\r\n"
        f"Sec-Fetch-Site: same-origin\r\nCookie: {client.cookie}\r\n"
        "Content-Length: 100\r\n\r\nx"
    )
    with socket.create_connection(("127.0.0.1", client.server.port), timeout=20) as link:
        link.sendall(head.encode())
        with contextlib.suppress(ConnectionError):
            assert b"200" not in link.recv(4096)


# ----------------------------------------------------------------- the launch token


def test_the_launch_token_is_not_on_the_command_line(client: Client, tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text('#!/bin/sh\necho "$@" > "$0.seen"\nexec sleep 30\n')
    program.chmod(0o755)
    left = tmp_path / "profile" / "launch-of-a-killed-run.html"
    left.parent.mkdir()
    left.write_text("old")
    link = client.server.link()
    with open_browser(link, program=str(program), profile=tmp_path / "profile"):
        seen = tmp_path / "browser.seen"
        while not seen.exists() or not seen.read_text().endswith("\n"):
            time.sleep(0.02)
        pages = list((tmp_path / "profile").glob("launch-*"))
        assert len(pages) == 1
        assert not left.exists()
        assert link in pages[0].read_text()
        assert stat.S_IMODE(pages[0].stat().st_mode) == 0o600
        assert pages[0].as_uri() in seen.read_text()
        assert link.partition("k=")[2] not in seen.read_text()
    assert not list((tmp_path / "profile").glob("launch-*"))


def test_a_page_of_another_site_may_open_nothing_but_the_launch_page(client: Client) -> None:
    link = client.server.link().split(str(client.server.port))[1]
    other = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}
    assert stranger(client).ask(link, **other).status == 403
    other["Sec_Fetch_Mode"] = "navigate"
    assert client.ask("/run", **other).status == 403
    assert stranger(client).ask("/", **other).status == 403
    assert stranger(client).ask(link, **other).status == 200


@pytest.mark.parametrize(
    ("kiosk", "window"), [(True, "--kiosk"), (False, "--window-size=1100,800")]
)
def test_a_browser_is_told_to_stay_at_home_and_to_keep_its_timers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kiosk: bool, window: str
) -> None:
    monkeypatch.setenv("MIMICRY_BROWSER_FLAGS", "--no-sandbox --last")
    program, profile = tmp_path / "browser", tmp_path / "profile"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/new; "
                       f"mv {tmp_path}/new {tmp_path}/words; exec sleep 60\n")  # fmt: skip
    program.chmod(0o700)
    chosen = {"program": str(program), "kiosk": kiosk, "profile": profile, "more": ["--own=1"]}
    with open_browser("http://127.0.0.1:1/?k=s", **chosen) as process:
        end = time.monotonic() + 30
        while not (tmp_path / "words").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        (page,) = profile.glob("launch-*.html")
        assert "url=http://127.0.0.1:1/?k=s" in page.read_text()
        assert page.stat().st_mode & 0o777 == 0o600
    assert process.returncode == -signal.SIGTERM
    assert not page.exists()
    assert (tmp_path / "words").read_text().splitlines() == [
        f"--user-data-dir={profile}", "--no-first-run", "--no-default-browser-check",
        "--disable-background-networking", "--disable-component-update",
        "--disable-domain-reliability", "--disable-sync", "--disable-quic", "--disable-breakpad",
        "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
        "--autoplay-policy=no-user-gesture-required", "--disable-renderer-backgrounding",
        "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
        "--disable-session-crashed-bubble", "--hide-crash-restore-bubble",
        "--password-store=basic", "--use-mock-keychain",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", window,
        f"--app={page.as_uri()}", "--own=1", "--no-sandbox", "--last",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_real_browser_is_launched_without_the_token_in_the_process_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIMICRY_BROWSER_FLAGS", "--headless=new --no-sandbox --disable-gpu")
    profile = tmp_path / "profile"
    with served(tmp_path) as (client, journal):
        link = client.server.link()
        with open_browser(link, program=find_browser(), kiosk=False, profile=profile):
            end = time.monotonic() + 120
            lists = []
            while not journal.connected():  # the page has followed and claimed the session
                assert time.monotonic() < end
                listed = subprocess.run(["ps", "-wweo", "args"], capture_output=True, check=True)
                lists.append(listed.stdout)
                time.sleep(0.1)
    assert any(b"launch-" in listed for listed in lists)
    assert link.partition("k=")[2].encode() not in b"".join(lists)
