"""What an answer holds, fetched whole: nothing of it can run in a browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pyarrow as pa
import pytest
from jupyter_host import JupyterHost, ask, finished
from model_server import Reply, ScriptedServer

from csvagent_jupyter.server.results import attachment

CODE = """All of it.
```python
fig, ax = plt.subplots()
ax.bar(df["city"], df["price"])
ax.set_title("<script>alert(1)</script>")
with open("page; \\"ü\\".html", "w") as page:
    page.write("<script>alert(1)</script>")
with open("large.bin", "wb") as large:
    large.write(bytes(range(256)) * 4096)
big = pd.DataFrame({"n": range(5000), "text": ["=cmd()", "<b>x</b>"] * 2500, "x": [float("nan"), 1.5] * 2500})
print("done")
big
```"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterHost]:
    with (
        ScriptedServer(CODE, Reply(text=CODE, stall_after=1)) as model,
        JupyterHost(tmp_path_factory.mktemp("host"), model, people=True, base_url="/user/anna/") as host,
    ):
        (host.root / "cities.csv").write_text("city,price\nOslo,10\nRiga,20\n")
        yield host


@pytest.fixture(scope="module")
def anna(host: JupyterHost) -> httpx.Client:
    return host.client("anna")


@pytest.fixture(scope="module")
def answer(anna: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = finished(anna, ask(anna, "everything?", path="cities.csv"))["result"]
    assert found["success"], found["error"]
    return found


def fetched(client: httpx.Client, answer: dict[str, Any], part: str, **query: Any) -> httpx.Response:
    reply = client.get(f"/api/tasks/{answer['task_id']}/{part}", params=query)
    assert reply.status_code == 200, reply.text
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    policy = reply.headers["Content-Security-Policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "script-src" not in policy
    return reply


def test_a_plot_is_a_picture_and_its_drawing_a_download(anna: httpx.Client, answer: dict[str, Any]) -> None:
    for part in ("plots/1", "plots/1.png"):
        picture = fetched(anna, answer, part)
        assert picture.headers["Content-Type"] == "image/png" and picture.content.startswith(b"\x89PNG")
    drawing = fetched(anna, answer, "plots/1.svg")
    assert drawing.headers["Content-Type"] == "image/svg+xml"
    assert drawing.headers["Content-Disposition"].startswith("attachment;")
    assert b"<svg" in drawing.content and b"<script" not in drawing.content.lower()


def test_a_table_is_fetched_whole_or_in_parts(anna: httpx.Client, answer: dict[str, Any]) -> None:
    shown = answer["tables"][0]
    assert shown["total_rows"] == 5_000 and len(shown["rows"]) == 200
    whole = fetched(anna, answer, "tables/1").json()
    assert (whole["columns"], whole["total_rows"], len(whole["rows"])) == (shown["columns"], 5_000, 5_000)
    assert whole["rows"][:200] == shown["rows"], "the parts that the answer shows are the same there"
    part = fetched(anna, answer, "tables/1.json", offset=4_998, limit=10).json()
    assert part["rows"] == [[4_998, "=cmd()", None], [4_999, "<b>x</b>", 1.5]] and part["offset"] == 4_998


def test_a_table_is_fetched_as_csv_and_arrow(anna: httpx.Client, answer: dict[str, Any]) -> None:
    reply = fetched(anna, answer, "tables/1.csv", offset=1, limit=2)
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="table-1.csv"')
    rows = list(csv.reader(io.StringIO(reply.text, newline="")))
    assert rows == [["n", "text", "x"], ["1", "<b>x</b>", "1.5"], ["2", "=cmd()", ""]]
    safe = fetched(anna, answer, "tables/1.csv", limit=1, spreadsheet="true").text
    assert safe.splitlines()[1] == "0,'=cmd(),"
    arrow = fetched(anna, answer, "tables/1.arrow")
    assert int(arrow.headers["Content-Length"]) == len(arrow.content)
    table = pa.ipc.open_file(arrow.content).read_all()
    assert table.num_rows == 5_000 and table.column_names == ["n", "text", "x"]


def test_a_written_file_is_a_download_whatever_it_is(anna: httpx.Client, answer: dict[str, Any]) -> None:
    sizes = {file["name"]: file["size"] for file in answer["files"]}
    assert sizes == {'page; "ü".html': 25, "large.bin": 1024 * 1024}
    page = fetched(anna, answer, "files/page%3B%20%22%C3%BC%22.html")
    assert page.content == b"<script>alert(1)</script>"
    assert page.headers["Content-Type"] == "application/octet-stream"
    assert page.headers["Content-Disposition"] == (
        "attachment; filename=\"page_ ___.html\"; filename*=UTF-8''page%3B%20%22%C3%BC%22.html"
    )
    large = fetched(anna, answer, "files/large.bin")
    assert large.content == bytes(range(256)) * 4096 and large.headers["Content-Length"] == str(1024 * 1024)


def test_what_was_sent_to_the_model_is_there_word_for_word(anna: httpx.Client, answer: dict[str, Any]) -> None:
    (entry,) = anna.get(f"/api/tasks/{answer['task_id']}/sent").json()["sent"]
    assert entry["model"] == "openai:test" and entry["outcome"] == "answered"
    assert "everything?" in entry["messages"][-1]["content"]


@pytest.mark.parametrize(
    "part",
    [
        *("plots/0", "plots/2.png", "plots/1.gif", "plots/-1", "plots/9999999", "tables/2", "tables/1.xlsx"),
        *("files/nope", "files/..%2f..%2fsessions.sqlite", "files/%2Fetc%2Fpasswd"),
    ],
)
def test_what_is_not_there_is_not_found(anna: httpx.Client, answer: dict[str, Any], part: str) -> None:
    assert anna.get(f"/api/tasks/{answer['task_id']}/{part}").status_code == 404


@pytest.mark.parametrize("query", ["offset=-1", "limit=x", "limit=1e3", f"offset={2**53 + 1}"])
def test_bad_numbers_are_told(anna: httpx.Client, answer: dict[str, Any], query: str) -> None:
    reply = anna.get(f"/api/tasks/{answer['task_id']}/tables/1?{query}")
    assert reply.status_code == 400 and reply.json()["reason"] == "bad_input"
    whole = anna.get(f"/api/tasks/{answer['task_id']}/tables/1.arrow?limit=1")
    assert whole.status_code == 400


def test_a_task_under_way_has_no_parts_yet(anna: httpx.Client, answer: dict[str, Any]) -> None:
    task_id = ask(anna, "and again?", session_id=answer["session_id"])
    reply = anna.get(f"/api/tasks/{task_id}/tables/1")
    assert reply.status_code == 404 and task_id in reply.json()["message"]
    anna.delete(f"/api/tasks/{task_id}")
    assert finished(anna, task_id)["status"] == "REVOKED"
    assert anna.get(f"/api/tasks/{task_id}/plots/1").status_code == 404


def test_plots_in_the_history_have_addresses_under_the_base_url(anna: httpx.Client, answer: dict[str, Any]) -> None:
    turn = anna.get(f"/api/sessions/{answer['session_id']}").json()["history"][0]
    assert turn["result"]["plots"] == [f"/user/anna/csvagent/api/tasks/{answer['task_id']}/plots/1.png"]


def test_what_there_was_no_room_for_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = {"CSVAgentManager": {"artifact_quota": 5_000}}
    with (
        ScriptedServer(CODE) as model,
        JupyterHost(tmp_path_factory.mktemp("small"), model, settings=settings) as host,
    ):
        (host.root / "cities.csv").write_text("city,price\nOslo,10\n")
        client = host.client()
        task_id = ask(client, "everything?", path="cities.csv")
        answer = finished(client, task_id)["result"]
        assert answer["success"] and any(note["level"] == "warning" for note in answer["notes"])
        plot = client.get(f"/api/tasks/{task_id}/plots/1")
        assert plot.status_code == 200 and plot.content.startswith(b"\x89PNG")
        assert client.get(f"/api/tasks/{task_id}/plots/1.svg").status_code == 404
        table = client.get(f"/api/tasks/{task_id}/tables/1")
        assert table.status_code == 404 and "200 rows" in table.json()["message"]


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("a.csv", "a.csv", "a.csv"),
        ("../../etc/passwd", "passwd", "passwd"),
        ('a"; filename=x\r\nSet-Cookie: y', "a__ filename=xSet-Cookie: y", "a%22%3B%20filename%3DxSet-Cookie%3A%20y"),
        ("отчёт.html", "_____.html", "%D0%BE%D1%82%D1%87%D1%91%D1%82.html"),
        ("", "file", "file"),
        ("\udcff", "file", "file"),
    ],
)
def test_a_name_cannot_leave_its_header(name: str, plain: str, encoded: str) -> None:
    assert attachment(name) == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
