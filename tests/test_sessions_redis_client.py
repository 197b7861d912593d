"""The connection to Redis: passwords, TLS, rights, a full server, and writes that are sent twice."""

from __future__ import annotations

import asyncio
import logging
import ssl
import subprocess
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis_server import PASSWORD, RedisServer

from csvagent_jupyter.exceptions import StorageFull, StoreError, StoreUnreachable
from csvagent_jupyter.messages import Event, Progress
from csvagent_jupyter.sessions import redis_keys as keys
from csvagent_jupyter.sessions.redis import RedisStore
from csvagent_jupyter.sessions.redis_address import RedisAddress, address_from
from csvagent_jupyter.sessions.redis_client import RedisClient, awaited


async def test_it_is_reached_by_parts_by_address_and_by_socket(redis_server: RedisServer) -> None:
    for address in (
        address_from(redis_server.environment),
        RedisAddress.from_url(redis_server.url),
        RedisAddress.from_url(f"unix://{redis_server.socket}", password=PASSWORD),
    ):
        async with RedisStore(address) as store:
            assert 0 < await store.ping(5) < 5


@pytest.mark.parametrize("password", ["wrong-hush-hush", ""])
async def test_a_wrong_password_is_told_at_once_and_never_shown(
    redis_server: RedisServer, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = RedisAddress.from_url(f"redis://127.0.0.1:{redis_server.port}", password=password)
    with pytest.raises(StoreUnreachable) as caught:
        await RedisStore(address).open()
    assert caught.value.key == "sessions.redis_password"
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.say("ru") + caplog.text
    assert "hush" not in shown and str(redis_server.port) in caught.value.say("ru")


async def test_nobody_there_is_told_within_seconds() -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreUnreachable) as caught:
        await RedisStore("redis://:hush-hush@127.0.0.1:1").open()
    assert caught.value.key == "sessions.redis_gone" and "hush" not in caught.value.say("en")
    assert asyncio.get_running_loop().time() - began < 15


@asynccontextmanager
async def tls_in_front_of(server: RedisServer, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """Put TLS before a Redis that has none built in, with a certificate for localhost; gives its port and the file."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(["openssl", *words.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while block := await reader.read(65_536):
                writer.write(block)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_redis, from_redis = await asyncio.open_unix_connection(str(server.socket))
        await asyncio.gather(pump(reader, from_redis), pump(to_redis, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as front:
        yield front.sockets[0].getsockname()[1], certificate


async def test_tls_is_spoken_and_the_certificate_is_verified(redis_server: RedisServer, tmp_path: Path) -> None:
    async with tls_in_front_of(redis_server, tmp_path) as (port, certificate):
        url = f"rediss://localhost:{port}/0"
        trusting = RedisAddress.from_url(f"{url}?ssl_ca_certs={certificate}", password=PASSWORD)
        async with RedisStore(trusting) as store:
            session = await store.create_session("os:ann")
            events = store.follow(session.session_id)
            waiting = asyncio.ensure_future(anext(events))
            await store.append(session.session_id, Event("progress", "t1", meta=Progress("…", "generating")))
            assert (await waiting).seq == 1
            await events.aclose()
        with pytest.raises(StoreUnreachable) as caught:
            await RedisStore(RedisAddress.from_url(url, password=PASSWORD)).open()
        assert caught.value.key == "sessions.redis_certificate"


async def test_a_full_redis_is_told_and_keeps_what_it_has(redis_server: RedisServer) -> None:
    async with RedisStore(redis_server.url) as store:
        session_id = (await store.create_session("os:ann")).session_id
        await store.append(session_id, Event("progress", "t1", meta=Progress("kept", "generating")))
        with redis_server.client() as client:
            client.config_set("maxmemory", 1)
            try:
                for call in (
                    store.append(session_id, Event("progress", "t1", meta=Progress("lost", "generating"))),
                    store.create_session("os:ann"),
                    store.rename_session(session_id, "x"),
                    store.add("n"),
                ):
                    with pytest.raises(StorageFull):
                        await call
            finally:
                client.config_set("maxmemory", 0)
        assert [event.meta.status for event in await store.read(session_id) if event.meta] == ["kept"]
        assert (await store.append(session_id, Event("progress", "t1"))).seq == 2


async def test_a_user_without_the_rights_is_told(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "guest", "on", ">guest", "+ping", "~session:*")
        try:
            async with RedisStore(f"redis://guest:guest@127.0.0.1:{redis_server.port}") as store:
                with pytest.raises(StoreUnreachable) as caught:
                    await store.create_session("os:ann")
                assert caught.value.key == "sessions.redis_forbidden"
        finally:
            client.execute_command("ACL", "DELUSER", "guest")


async def test_a_user_with_only_these_keys_and_channels_can_do_everything(redis_server: RedisServer) -> None:
    rights = (
        "+@all",
        "-@admin",
        "-@dangerous",
        "resetkeys",
        "~session:*",
        "~csvagent:*",
        "resetchannels",
        "&csvagent:*",
    )
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "worker", "on", ">worker", *rights)
        try:
            async with RedisStore(f"redis://worker:worker@127.0.0.1:{redis_server.port}") as store:
                session_id = (await store.create_session("os:ann")).session_id
                events = store.follow(session_id)
                waiting = asyncio.ensure_future(anext(events))
                await store.append(session_id, Event("progress", "t1"))
                assert (await waiting).seq == 1
                await events.aclose()
                assert await store.artifacts_in_use() == frozenset()
        finally:
            client.execute_command("ACL", "DELUSER", "worker")


async def test_a_write_that_is_sent_again_is_done_once(redis_server: RedisServer) -> None:
    """Redis does it, the answer gets lost, and the same call comes again."""
    client = RedisClient(RedisAddress.from_url(redis_server.url))
    await client.open()
    lost = 2

    async def lossy(work: object, *, until: float | None = None) -> object:
        answer: object = None
        for _ in range(1 + lost):
            answer = await RedisClient.run(client, work, until=until)  # type: ignore[arg-type]
        return answer

    client.run = lossy  # type: ignore[method-assign,assignment]
    assert await client.write("add", (*keys.SHARED, keys.counter("n", None)), "2", "") == "2"
    assert await client.write("add", (*keys.SHARED, keys.counter("n", None)), "2", "") == "4"
    await client.close()


async def test_scripts_that_redis_has_forgotten_are_sent_again(redis_server: RedisServer) -> None:
    async with RedisStore(redis_server.url) as store:
        assert await store.add("n") == 1
        with redis_server.client() as client:
            client.script_flush()
        assert await store.add("n") == 2


async def test_what_is_not_ours_is_told_in_words(redis_server: RedisServer) -> None:
    async with RedisStore(redis_server.url) as store:
        with redis_server.client() as client:
            client.set("session:text", "hello")
            client.set("session:json", '{"session_id": 5}')
            client.hset("session:hash", "user", "4")
        for session_id in ("text", "json", "hash"):
            with pytest.raises(StoreError):
                await store.session(session_id)
            with pytest.raises(StoreError):
                await store.append(session_id, Event("progress", "t1"))
        for inner in ("text:grants", "text:events", "../text", "*"):
            with pytest.raises(StoreError) as caught:
                await store.session(inner)
            assert caught.value.key == "sessions.no_session"


async def test_a_cancelled_call_leaves_the_connection_usable(redis_server: RedisServer) -> None:
    client = RedisClient(RedisAddress.from_url(redis_server.url))
    await client.open()
    for number in range(50):
        call = asyncio.create_task(client.run(lambda redis, number=number: awaited(redis.echo(str(number)))))  # type: ignore[misc]
        for _ in range(number % 7):
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await client.run(lambda redis, number=number: awaited(redis.echo(f"then {number}"))) == f"then {number}"  # type: ignore[misc]
    await client.close()
    with pytest.raises(StoreUnreachable):
        await client.ping(1)
