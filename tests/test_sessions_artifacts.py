"""Files kept by content: once, whole, within bounds, and never under a name that came from outside."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from csvagent_jupyter.exceptions import BadInput, NotFound, StorageFull, StoreUnreachable
from csvagent_jupyter.messages import Event
from csvagent_jupyter.sessions.artifacts import Artifacts, Incoming
from csvagent_jupyter.sessions.sqlite import SQLiteStore
from csvagent_jupyter.sessions.sweeper import Sweeper
from csvagent_jupyter.sessions.trial import Trial

ANN, BOB = "os:ann", "os:bob"


@pytest.fixture
def kept(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "kept")


async def put(kept: Artifacts, content: bytes | Path, owner: str = ANN, name: str = "plot.png") -> str:
    return await kept.put(content, media_type="image/png", name=name, owner=owner)


def files(kept: Artifacts) -> list[Path]:
    return [path for path in kept.folder.rglob("*") if path.is_file()]


def age(kept: Artifacts, reference: str, seconds: float) -> None:
    path = kept.folder / "content" / reference[9:11] / reference[9:]
    os.utime(path, (time.time() - seconds,) * 2)


async def test_content_comes_back_with_its_name_and_type(kept: Artifacts, tmp_path: Path) -> None:
    reference = await put(kept, b"drawn")
    assert reference == "artifact:" + hashlib.sha256(b"drawn").hexdigest()
    assert await kept.read(reference) == (await kept.path(reference)).read_bytes() == b"drawn"
    info = await kept.info(reference)
    assert (info.name, info.media_type, info.size, info.owner) == ("plot.png", "image/png", 5, ANN)
    written = tmp_path / "out.csv"
    written.write_bytes(b"a,b\n" * 1_000_000)
    copied = await put(kept, written, name="out.csv")
    written.write_bytes(b"changed")
    assert await kept.read(copied) == b"a,b\n" * 1_000_000


async def test_only_the_owner_of_the_folder_can_look_in(kept: Artifacts) -> None:
    reference = await put(kept, b"secret")
    assert kept.folder.stat().st_mode & 0o777 == 0o700
    assert (await kept.path(reference)).stat().st_mode & 0o777 == 0o400


async def test_the_same_content_is_kept_once_under_every_name(kept: Artifacts) -> None:
    references = await asyncio.gather(*(put(kept, b"same", owner, f"{owner}.png") for owner in (ANN, BOB) * 5))
    assert len(set(references)) == 1
    assert len(list(kept.folder.glob("content/*/*"))) == 1
    assert (await kept.info(references[0], ANN)).name == "os:ann.png"
    assert (await kept.info(references[0], BOB)).name == "os:bob.png"
    assert (await kept.info(references[0], "os:eve")).owner in (ANN, BOB)
    assert await kept.used(ANN) == await kept.used(BOB) == 4
    assert list(kept.folder.glob("incoming/*")) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.csv", "x.csv"),
        ("/", "file"),
        ("..", "file"),
        ("a\nb\x1b[31m\x00\u202e.csv", "ab[31m.csv"),
        ("я" * 500, "я" * 200),
        ("\udcff.csv", ".csv"),
        ("", "file"),
    ],
)
async def test_a_hostile_name_is_only_a_name(kept: Artifacts, name: str, shown: str) -> None:
    reference = await put(kept, b"x", name=name, owner="../" + name)
    assert (await kept.info(reference)).name == shown
    assert all(kept.folder in path.resolve().parents for path in files(kept))
    assert sorted(part.name for part in kept.folder.iterdir()) == ["content", "incoming", "owners"]


@pytest.mark.parametrize("reference", ["artifact:../../x", "artifact:", "", "x" * 64, "artifact:" + "0" * 64])
async def test_what_is_not_kept_is_not_found(kept: Artifacts, reference: str) -> None:
    for call in (kept.path(reference), kept.read(reference), kept.info(reference)):
        with pytest.raises(NotFound):
            await call


async def test_only_a_plain_file_is_copied(kept: Artifacts, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(secret)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "gone", Path("/dev/zero")):
        with pytest.raises(BadInput):
            await put(kept, path)
    assert files(kept) == []


async def test_a_file_and_an_owner_are_bounded(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path / "kept", quota=100, max_bytes=60)
    large = tmp_path / "large"
    large.write_bytes(b"x" * 61)
    for content in (large, large.read_bytes()):
        with pytest.raises(StorageFull):
            await put(kept, content)
    await put(kept, b"a" * 60)
    with pytest.raises(StorageFull):
        await put(kept, b"b" * 41)
    await put(kept, b"a" * 60)
    await put(kept, b"b" * 41, BOB)
    await put(kept, b"c" * 40)
    assert await kept.used(ANN) == 100
    assert list(kept.folder.glob("incoming/*")) == []


async def test_a_file_cut_short_by_a_crash_is_written_anew(kept: Artifacts) -> None:
    path = await kept.path(await put(kept, b"whole"))
    path.chmod(0o600)
    path.write_bytes(b"wh")
    assert await kept.read(await put(kept, b"whole")) == b"whole"


async def test_a_full_disk_is_told_and_leaves_no_half_file(tmp_path: Path) -> None:
    """The limit on file sizes makes the very system calls fail that a full disk does."""
    program = """
import asyncio, resource, sys
from csvagent_jupyter.exceptions import StorageFull
from csvagent_jupyter.sessions.artifacts import Artifacts
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
kept = Artifacts(sys.argv[1])
try:
    asyncio.run(kept.put(b"x" * 1_000_000, media_type="text/csv", name="x.csv", owner="os:ann"))
except StorageFull as error:
    print(error.say("ru"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "kept")], capture_output=True, text=True, check=True
    )
    assert "заполнен" in done.stdout
    assert files(Artifacts(tmp_path / "kept")) == []


async def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(StoreUnreachable):
        await put(Artifacts(tmp_path / "kept"), b"x")


async def test_what_nobody_mentions_goes_with_age(kept: Artifacts) -> None:
    used, old, fresh = [await put(kept, content) for content in (b"used", b"old", b"fresh")]
    for reference in (used, old):
        age(kept, reference, 1_000)
    assert await kept.sweep({used}, older_than=500) == 1
    assert await kept.read(used) == b"used" and await kept.read(fresh) == b"fresh"
    with pytest.raises(NotFound):
        await kept.info(old)
    assert await kept.used(ANN) == len(b"usedfresh")


async def test_putting_again_makes_it_young(kept: Artifacts) -> None:
    reference = await put(kept, b"again")
    age(kept, reference, 1_000)
    await put(kept, b"again", BOB)
    assert await kept.sweep((), older_than=500) == 0
    stray = kept.folder / "incoming" / "left-behind"
    stray.write_bytes(b"half")
    os.utime(stray, (0, 0))
    assert await kept.sweep((), older_than=500) == 0
    assert not stray.exists()


# --- room -------------------------------------------------------------------------------------------------------------


def received(kept: Artifacts, content: bytes) -> Incoming:
    incoming = kept.receive(media_type="text/csv", name="a.csv", owner=ANN)
    incoming.write(content)
    return incoming


async def test_what_arrives_side_by_side_stays_within_the_quota(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path / "kept", quota=100)
    arrived = [received(kept, bytes([number]) * 40) for number in range(8)]
    arrived += [received(kept, bytes([number]) * 40) for number in range(8)]
    ended = await asyncio.gather(*(kept.keep(incoming) for incoming in arrived), return_exceptions=True)
    assert len({end for end in ended if isinstance(end, str)}) == 2
    assert [type(end) for end in ended].count(StorageFull) == 12
    assert await kept.used(ANN) == 80
    for incoming in arrived:
        incoming.discard()
    assert list(kept.folder.glob("incoming/*")) == []


async def test_a_trial_counts_until_it_ends_and_afterwards_when_it_was_granted(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path / "kept", quota=100)
    first, second = Trial(kept, ANN), Trial(kept, ANN)
    reference = await first.put(b"a" * 60, media_type="text/csv", name="a.csv")
    assert await second.keep(received(kept, b"a" * 60)) == reference
    assert await kept.used(ANN) == 60
    with pytest.raises(StorageFull):
        await put(kept, b"b" * 60)
    await first.end()
    assert await kept.used(ANN) == 60, "the other still has it"
    await second.grant()
    await second.end()
    assert (await kept.info(reference, ANN)).size == await kept.used(ANN) == 60
    third = Trial(kept, ANN)
    await third.put(b"c" * 40, media_type="text/csv", name="c.csv")
    await third.end()
    assert await kept.used(ANN) == 60


async def test_what_a_trial_left_goes_after_an_hour(kept: Artifacts) -> None:
    ended, crashed = Trial(kept, ANN), Trial(kept, ANN)
    references = [
        await trial.put(content, media_type="text/csv", name="a.csv")
        for trial, content in ((ended, b"ended"), (crashed, b"crashed"))
    ]
    await ended.end()
    assert await kept.sweep((), older_than=86_400) == 0
    for reference in references:
        age(kept, reference, 4_000)
    for note in kept.folder.glob("owners/*/*.json"):
        os.utime(note, (time.time() - 4_000,) * 2)
    assert await kept.sweep((), older_than=86_400) == 3
    assert files(kept) == []


async def test_room_is_made_before_anything_is_refused(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "sessions.db")
    await store.open()
    kept = Artifacts(tmp_path / "kept", quota=100, days=1)
    sweeper = Sweeper(store, kept, least_seconds=0)
    old = await put(kept, b"a" * 60)
    with pytest.raises(StorageFull) as refused:
        await put(kept, b"b" * 60)
    assert "1 day " in refused.value.say("en") and "artifact_days" in refused.value.say("ru")
    age(kept, old, 100_000)
    arrived = received(kept, b"b" * 60)
    await kept.keep(arrived)
    assert await kept.used(ANN) == 60
    age(kept, await put(kept, b"b" * 60), 100_000)
    await put(kept, b"c" * 60)
    assert await kept.used(ANN) == 60
    assert await sweeper.make_room() == 0
    await store.close()


async def test_it_is_swept_again_and_again(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "sessions.db", undo_seconds=0)
    await store.open()
    kept = Artifacts(tmp_path / "kept", days=1)
    used = await put(kept, b"used")
    session = await store.create_session(ANN)
    await store.append(session.session_id, Event("progress", message=used))
    age(kept, used, 100_000)
    beside: list[float] = []
    sweeper = Sweeper(store, kept, beside=lambda: beside.append(0.0))
    sweeper.start(every=0.01)
    first = await put(kept, b"first")
    age(kept, first, 100_000)
    while await kept.used(ANN) != 4:
        await asyncio.sleep(0.01)
    assert await kept.read(used) == b"used"
    await store.delete_session(session.session_id)
    while await kept.used(ANN) or len(beside) < 2:
        await asyncio.sleep(0.01)
    await sweeper.stop()
    await store.close()


async def test_content_that_cannot_be_read_is_told_and_no_error_of_the_system(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    reference = await artifacts.put(b"1,2", media_type="text/csv", name="a.csv", owner="anna")
    path = await artifacts.path(reference)
    path.unlink()
    path.symlink_to("/proc/self/mem")  # a file whose reading fails
    with pytest.raises(StoreUnreachable):
        await artifacts.read(reference)
