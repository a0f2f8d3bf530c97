"""Who is kept out: other sites, other ports, rebound names, guessed paths, used links, floods."""

import re
import socket
import stat
from pathlib import Path

import pytest
from served import Client, cookie_of, served

from mimicry.errors import InputError, MimicryError
from mimicry.runner.plan import check_label
from mimicry.runner.serve import serving

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
    assert (first.status, again.status) == (303, 403)
    assert first.headers["location"] == "/run"
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
        check_label(label, key="--participant")


def test_a_taken_port_is_an_error_when_it_must_be_this_one(client: Client) -> None:
    with (
        pytest.raises(MimicryError, match="taken"),
        serving(client.server.state, port=client.server.port, must=True),
    ):
        pass
