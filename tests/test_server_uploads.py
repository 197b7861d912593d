"""Files that come to a real Jupyter server: uploaded, inside JSON, or by path; and what is refused of them."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
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


def put_in_chunks(host: JupyterHost, who: httpx.Client, path: str, content: str, chunk: int = 1_500_000) -> None:
    pieces = [content[begin : begin + chunk] for begin in range(0, len(content), chunk)]
    assert len(pieces) > 2
    for number, piece in enumerate(pieces, 1):
        model = {"type": "file", "format": "text", "content": piece, "chunk": -1 if piece is pieces[-1] else number}
        reply = who.put(f"http://127.0.0.1:{host.port}/api/contents/{path}", json=model)
        assert reply.status_code in (200, 201), reply.text


def test_a_large_file_comes_through_the_contents_manager_in_chunks(host: JupyterHost, anna: httpx.Client) -> None:
    rows = 400_000
    content = "number,word\n" + "".join(f"{number},w{number % 7}\n" for number in range(rows))
    put_in_chunks(host, anna, "large.csv", content)
    seen = anna.post("/api/profile", json={"path": "large.csv"})
    assert seen.status_code == 200, seen.text
    assert (seen.json()["rows"], seen.json()["columns"][0]["max"]) == (rows, rows - 1)
    assert seen.json()["rows_are"] == "exact"


def test_a_glance_at_a_large_file_tells_its_columns_from_samples(host: JupyterHost, anna: httpx.Client) -> None:
    rows = 400_000
    content = "number,word\n" + "".join(f"{number},a word that is {number % 7}\n" for number in range(rows))
    put_in_chunks(host, anna, "huge.csv", content)
    seen = anna.post("/api/profile", json={"path": "huge.csv", "glance": True})
    assert seen.status_code == 200, seen.text
    found = seen.json()
    assert found["rows_are"] == "about" and rows * 0.9 < found["rows"] < rows * 1.1
    assert [column["name"] for column in found["columns"]] == ["number", "word"]
    assert found["preview"]["rows"][0] == [0, "a word that is 0"]
    assert any("Only a sample" in note for note in found["notes"])
    file = {"file": ("sales.csv", b"a;b\n1,5;x\n2,5;y\n")}
    small = anna.post("/api/profile", files=file, data={"glance": "true"}).json()
    assert (small["rows"], small["rows_are"]) == (2, "exact")


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


@pytest.mark.parametrize(("language", "bound"), [("en", "1 MB"), ("ru", "1 МБ")])
def test_what_is_too_large_is_told_in_a_size_that_can_be_read(anna: httpx.Client, language: str, bound: str) -> None:
    reply = anna.post("/api/profile", params={"lang": language}, json={"paths": ["x" * 2**20]})
    assert (reply.status_code, reply.json()["reason"]) == (413, "too_large")
    assert bound in reply.json()["message"]


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


def test_a_page_may_leave_its_fields_and_its_file_empty(anna: httpx.Client) -> None:
    first = anna.post(
        ASK, data={"query": "What is the total price?", "session_id": ""}, files={"file": ("s.csv", SALES)}
    )
    assert first.status_code == 202, first.text
    session_id = first.json()["session_id"]
    empty = dict.fromkeys(("path", "paths", "model", "share", "max_attempts", "timeout", "language", "dialect"), "")
    body = form_of(
        [
            *(
                (f'Content-Disposition: form-data; name="{name}"', text.encode())
                for name, text in (empty | {"query": "What is the mean price?", "session_id": session_id}).items()
            ),
            ('Content-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream', b""),
        ]
    )
    second = anna.post(ASK, content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert second.status_code == 202, second.text
    assert second.json()["session_id"] == session_id
    assert finished(anna, second.json()["task_id"])["result"]["value"] == 15
    unasked = anna.post(ASK, data={"query": "", "session_id": ""}, files={"file": ("s.csv", SALES)})
    assert unasked.status_code == 400 and "dialogue" not in unasked.text and "Expected" not in unasked.text


def noted(host: JupyterHost) -> int:
    """How many files count for anybody."""
    return len(list(host.data.glob("csvagent/artifacts/owners/*/*.json")))


@pytest.mark.parametrize(
    ("address", "fields", "status"),
    [
        (ASK, {"query": "sum?", "session_id": "00000000-0000-0000-0000-000000000000"}, 404),
        (ASK, {"query": " "}, 400),
        (ASK, {"query": "sum?", "model": "replay:x"}, 400),
        (ASK, {"query": "sum?", "path": "no-such.csv"}, 404),
        (ASK, {"query": "sum?", "dialect": '{"delimiters": ";"}'}, 400),
        (ASK, {"query": "sum?", "nonsense": "1"}, 400),
        ("/api/profile", {}, 200),
        ("/api/profile", {"dialect": '{"encoding": "\\u0000"}'}, 400),
        ("/api/profile", {"dialect": '{"header_rows": 1000000000000000000000000000000}'}, 400),
        ("/api/tasks/no-such/replay", {}, 404),
    ],
)
def test_a_file_that_nothing_came_of_does_not_count(
    host: JupyterHost, anna: httpx.Client, address: str, fields: dict[str, str], status: int
) -> None:
    before = noted(host)
    reply = anna.post(
        address, data=fields, files={"file": ("new.csv", b"a,b\n" + os.urandom(8).hex().encode() + b",2\n")}
    )
    assert reply.status_code == status, reply.text
    assert noted(host) == before
    assert list(host.data.glob("csvagent/artifacts/incoming/*")) == []
    assert anna.post(address, json={"path": "sales.csv", **fields}).status_code != 500


def test_uploads_side_by_side_stay_within_the_quota(tmp_path: Path) -> None:
    def asked(host: JupyterHost, number: int) -> int:
        files = {"file": (f"{number}.csv", b"a,b\n" + b"%d,2\n" % number * 90_000)}
        reply = host.client().post(ASK, data={"query": "What is the sum of b?"}, files=files, params={"lang": "en"})
        assert reply.status_code == 202 or "artifact_days" in reply.json()["message"]
        return reply.status_code

    with JupyterHost(tmp_path, settings={"CSVAgentManager": {"artifact_quota": 1_000_000}}) as host:
        with ThreadPoolExecutor(6) as pool:
            statuses = list(pool.map(partial(asked, host), range(10, 16)))
        assert sorted(statuses) == [202, 202, 413, 413, 413, 413]
        known = 10 + statuses.index(202)
        assert asked(host, known) == 202, "a file that is kept already takes no room"


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
    (file,) = form.files
    assert file.name == "данные.csv"
    assert artifacts._path(file.keep()).read_bytes() == content


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("filename*=UTF-8''%D0%B4%D0%B0%D0%BD%D0%BD%D1%8B%D0%B5.csv", "данные.csv"),
        ("filename*=iso-8859-1'en'%A3.csv", "£.csv"),
        ("filename=plain.csv; filename*=UTF-8''other.csv", "plain.csv"),
        ("filename*=UTF-8''..%2F..%2Fetc%2Fpasswd%00", "passwd"),
        ("filename*=UTF-8''%FF.csv", "\ufffd.csv"),
        ("filename*=klingon", "data.csv"),
        ('filename=""', "data.csv"),
    ],
)
def test_a_file_has_a_name_however_it_is_written(tmp_path: Path, disposition: str, name: str) -> None:
    reader = FormReader(b"x", Artifacts(tmp_path), "anna")
    field = ("Content-Disposition: form-data; name=\"a; filename*=UTF-8''b\"", b"text")
    reader.write(form_of([field, (f'Content-Disposition: form-data; name="file"; {disposition}', b"a,b")]))
    form = reader.form()
    assert [file.name for file in form.files] == [name]
    assert list(form.fields.values()) == ["text"]
    form.discard()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


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
