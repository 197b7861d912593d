"""Files that come to a real Jupyter server: uploaded, inside JSON, or by path; and what is refused of them."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jupyter_host import JupyterHost, finished, until

from csvagent_jupyter.exceptions import BadInput, StorageFull
from csvagent_jupyter.server.uploads import FormReader
from csvagent_jupyter.sessions.artifacts import Artifacts

SALES = b"city,price\nParis,10\nRome,20\n"
ASK = "/api/analyze-async"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterHost]:
    settings = {"CSVAgentExtension": {"max_upload": 3_000_000}}
    with JupyterHost(tmp_path_factory.mktemp("host"), people=True, settings=settings) as host:
        (host.root / "sales.csv").write_bytes(SALES)
        (host.root / ".hidden.csv").write_bytes(SALES)
        (host.root / ".folder").mkdir()
        (host.root / ".folder" / "sales.csv").write_bytes(SALES)
        (host.root / "within").symlink_to(host.root / "sales.csv")
        outside = host.home / "outside.csv"
        outside.write_bytes(SALES)
        (host.root / "link.csv").symlink_to(outside)
        (host.root / "to-hidden.csv").symlink_to(host.root / ".hidden.csv")
        (host.root / "up").symlink_to(host.home)
        yield host


@pytest.fixture
def anna(host: JupyterHost) -> httpx.Client:
    return host.client("anna")


def kept_files(host: JupyterHost) -> set[str]:
    """The names of all files that are kept, and of those that are just being received."""
    folder = host.data / "csvagent" / "artifacts"
    return {str(path.relative_to(folder)) for path in folder.glob("*/**/*") if path.is_file()}


def test_a_form_with_several_files_is_asked_about(anna: httpx.Client) -> None:
    reply = anna.post(
        ASK,
        data={"query": "What is the total price?"},
        files=[("file", ("sales.csv", SALES)), ("file", ("more.csv", b"name,age\nAda,36\n"))],
    )
    assert reply.status_code == 202, reply.text
    answer = finished(anna, reply.json()["task_id"])["result"]
    assert answer["value"] == 30
    assert [profile["path"] for profile in answer["profiles"]] == ["sales.csv", "more.csv"]


def test_a_profile_is_made_with_the_guesses_overridden(anna: httpx.Client) -> None:
    file = {"file": ("sales.csv", b"a;b\n1,5;x\n2,5;y\n")}
    seen = anna.post("/api/profile", files=file).json()
    assert seen["dialect"]["delimiter"] == ";"
    assert [column["type"] for column in seen["columns"]] == ["number", "text"]
    assert seen["preview"] == {"columns": ["a", "b"], "rows": [[1.5, "x"], [2.5, "y"]], "total_rows": 2}
    forced = anna.post("/api/profile", files=file, data={"dialect": json.dumps({"delimiter": ","})}).json()
    assert forced["dialect"]["delimiter"] == ","
    assert [column["name"] for column in forced["columns"]] != ["a", "b"]
    bad = anna.post("/api/profile", files=file, data={"dialect": json.dumps({"delimiters": ","})})
    assert bad.status_code == 400, bad.text
    assert "delimiters" in bad.json()["message"]


@pytest.mark.parametrize("path", ["sales.csv", "/sales.csv", "within"])
def test_a_path_is_what_the_contents_manager_shows(anna: httpx.Client, path: str) -> None:
    seen = anna.post("/api/profile", json={"path": path})
    assert seen.status_code == 200, seen.text
    assert seen.json()["rows"] == 2


def test_a_large_file_comes_through_the_contents_manager_in_chunks(host: JupyterHost, anna: httpx.Client) -> None:
    rows, chunk = 400_000, 1_500_000
    content = "number,word\n" + "".join(f"{number},w{number % 7}\n" for number in range(rows))
    pieces = [content[begin : begin + chunk] for begin in range(0, len(content), chunk)]
    assert len(pieces) > 2
    for number, piece in enumerate(pieces, 1):
        model = {"type": "file", "format": "text", "content": piece, "chunk": -1 if piece is pieces[-1] else number}
        reply = anna.put(f"http://127.0.0.1:{host.port}/api/contents/large.csv", json=model)
        assert reply.status_code in (200, 201), reply.text
    seen = anna.post("/api/profile", json={"path": "large.csv"})
    assert seen.status_code == 200, seen.text
    assert (seen.json()["rows"], seen.json()["columns"][0]["max"]) == (rows, rows - 1)


@pytest.mark.parametrize(
    "path",
    [
        ".hidden.csv",
        ".folder/sales.csv",
        "no-such.csv",
        "link.csv",
        "to-hidden.csv",
        "up/outside.csv",
        "../outside.csv",
        "..",
        "",
        "/",
        "within/../../outside.csv",
        "/etc/passwd",
        "sales.csv\0",
        "%2e%2e/outside.csv",
        "a" * 5_000,
    ],
)
def test_what_it_does_not_show_is_out_of_reach(anna: httpx.Client, path: str) -> None:
    reply = anna.post("/api/profile", json={"paths": [path]})
    assert reply.status_code == 404, reply.text
    assert "Traceback" not in reply.text


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(host: JupyterHost) -> None:
    head = (
        f"POST /csvagent{ASK} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token anna-token\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 4000000000\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413")
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as connection:
        connection.sendall(head.replace("anna-token", "asker").replace("4000000000", "400").encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 403"), "who is not signed in sends no body"


def test_a_body_in_chunks_that_grows_too_large_is_cut(host: JupyterHost, anna: httpx.Client) -> None:
    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(200):
            yield b"1,2\n" * 25_000

    before = kept_files(host)
    try:
        reply = anna.post(ASK, content=body(), headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert reply.status_code in (400, 413)
    except httpx.TransportError:
        pass  # the connection is closed while the client still sends
    assert anna.get("/api/sessions").status_code == 200
    until(lambda: kept_files(host) == before)


def test_an_upload_that_breaks_off_leaves_nothing_behind(host: JupyterHost, anna: httpx.Client) -> None:
    before = kept_files(host)
    head = (
        f"POST /csvagent{ASK} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token anna-token\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2500000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"1,2\n" * 400_000)
    until(lambda: kept_files(host) == before)
    assert anna.get("/api/sessions").status_code == 200


BAD: dict[str, tuple[dict[str, str], bytes]] = {
    "no boundary": ({"Content-Type": "multipart/form-data"}, b"x"),
    "cut": (
        {"Content-Type": "multipart/form-data; boundary=x"},
        b'--x\r\nContent-Disposition: form-data; name="query"\r\n\r\nhow many',
    ),
    "garbage": ({"Content-Type": "multipart/form-data; boundary=x"}, b"\0\xff" * 100),
    "empty file": (
        {"Content-Type": "multipart/form-data; boundary=x"},
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n\r\n--x--\r\n',
    ),
    "xml": ({"Content-Type": "application/xml"}, b"<a/>"),
    "no json": ({"Content-Type": "application/json"}, b"{"),
    "deep json": ({"Content-Type": "application/json"}, b"[" * 100_000),
    "long field": (
        {"Content-Type": "multipart/form-data; boundary=x"},
        b'--x\r\nContent-Disposition: form-data; name="query"\r\n\r\n' + b"x" * 200_000 + b"\r\n--x--\r\n",
    ),
}


@pytest.mark.parametrize(("headers", "body"), BAD.values(), ids=BAD.keys())
def test_a_bad_body_is_told_in_words(anna: httpx.Client, headers: dict[str, str], body: bytes) -> None:
    reply = anna.post(ASK, content=body, headers=headers)
    assert reply.status_code == 400, reply.text
    assert reply.json()["reason"] == "bad_input"
    assert "Traceback" not in reply.text


# --- the reader by itself ---------------------------------------------------------------------------------------------


def form_of(parts: list[tuple[str, bytes]]) -> bytes:
    return b"".join(b"--x\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + b"--x--\r\n"


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 10**6])
def test_a_form_is_the_same_in_pieces_of_any_size(tmp_path: Path, size: int) -> None:
    content = os.urandom(5_000) + b"\r\n--y\r\n--\r\n-"
    body = form_of(
        [
            ('Content-Disposition: form-data; name="query"', "сколько?".encode()),
            ('Content-Disposition: form-data; name="file"; filename="../../данные.csv"', content),
        ]
    )
    artifacts = Artifacts(tmp_path)
    reader = FormReader(b"x", artifacts, "anna")
    for begin in range(0, len(body), size):
        reader.write(body[begin : begin + size])
    form = reader.form()
    assert form.fields == {"query": "сколько?"}
    (source,) = form.sources
    assert source.name == "данные.csv"
    assert artifacts._path(source.artifact).read_bytes() == content


def test_too_much_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    def refused(artifacts: Artifacts, parts: list[tuple[str, bytes]], error: type[Exception]) -> Any:
        reader = FormReader(b"x", artifacts, "anna")
        with pytest.raises(error):
            reader.write(form_of(parts))
        reader.discard()
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    file = 'Content-Disposition: form-data; name="file"; filename="a.csv"'
    refused(Artifacts(tmp_path, max_bytes=10), [(file, b"x" * 11)], StorageFull)
    refused(Artifacts(tmp_path, quota=10), [(file, b"x" * 11)], StorageFull)
    field = 'Content-Disposition: form-data; name="a"'
    refused(Artifacts(tmp_path), [(field, b"")] * 101, BadInput)
    refused(Artifacts(tmp_path), [(field, b"x" * 200_000)], BadInput)
