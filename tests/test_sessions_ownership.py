"""Who somebody is: here, and in a store that several hosts share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from redis_server import RedisServer

from csvagent_jupyter.exceptions import NotFound, StoreUnreachable
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Session
from csvagent_jupyter.sessions.ownership import current_owner, installation_id, kernel_key, located


def test_a_name_is_the_hubs_else_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    assert current_owner() == "jupyterhub:ada"
    monkeypatch.delenv("JUPYTERHUB_USER")
    assert current_owner().startswith("os:")


def test_a_name_is_located_unless_it_is_the_hubs_or_the_store_is_ones_own() -> None:
    assert located("os:ann", "12ab") == "os@12ab:ann"
    assert located("os:a:b", "12ab") == "os@12ab:a:b"
    assert located("jupyterhub:ann", "12ab") == "jupyterhub:ann"
    assert located("os:ann", "") == "os:ann"


def test_a_guest_has_another_key_than_the_owner() -> None:
    session = Session("s", "os:ann", "", "")
    assert kernel_key(session, "os:ann") == "s"
    assert kernel_key(session, "os:bob") != kernel_key(session, "os:cid") != "s"


def test_an_installation_has_one_id_for_good_whoever_makes_it_first(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    code = (
        "import sys; from pathlib import Path; from csvagent_jupyter.sessions.ownership import installation_id;"
        "sys.stdin.read(); print(installation_id(Path(sys.argv[1])))"
    )
    asked = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    told = {process.communicate("")[0].strip() for process in asked}
    assert told == {installation_id(folder)} and len(installation_id(folder)) == 16
    assert [path.name for path in folder.iterdir()] == ["installation"]
    assert installation_id(tmp_path / "other") != installation_id(folder)


def test_an_id_that_cannot_be_kept_or_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnreachable):
        installation_id(tmp_path / "file")
    for content in (b"", b"\xff", b"os@x"):
        (tmp_path / "installation").write_bytes(content)
        with pytest.raises(StoreUnreachable):
            installation_id(tmp_path)


async def test_the_same_name_on_two_hosts_is_two_people(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    here, there, again = (
        CSVAgentManager(data_folder=str(tmp_path / name), model="offline") for name in ("a", "b", "a")
    )
    try:
        for manager in (here, there, again):
            await manager.start(warm=False)
        assert here.owner != there.owner and here.owner == again.owner != current_owner()
        session_id = (await here.store.create_session(here.owner)).session_id
        assert (await again.access.session(session_id, again.owner, "own")).session_id == session_id
        with pytest.raises(NotFound):
            await there.access.session(session_id, there.owner)
        assert await there.sessions() == ()
    finally:
        for manager in (here, there, again):
            await manager.stop()


async def test_a_store_of_ones_own_has_the_name_as_it_is(tmp_path: Path) -> None:
    manager = CSVAgentManager(data_folder=str(tmp_path), model="offline")
    await manager.start(warm=False)
    assert manager.owner == current_owner() and manager.installation == ""
    await manager.stop()
    assert not (tmp_path / "installation").exists()
