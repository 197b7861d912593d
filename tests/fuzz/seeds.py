"""What damage is done to: small files of every kind of writing, and the measuring sets where this machine has them."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import os
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

LARGEST = 60_000
ENCODINGS = (
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "cp866", "koi8-r", "mac-cyrillic"),
    *("cp1252", "iso8859-1", "iso8859-15", "cp437", "mac-roman", "cp1250", "gb18030", "shift_jis", "euc_kr", "big5"),
)
DELIMITERS = (",", ";", "\t", "|", " ", ":", "^", "||", ", ", "::", "\x1f", "§", "~")
WORDS = (
    *("Moscow", "чай", "кофе", "São Paulo", "東京", "it's", 'say "yes"', "a,b", "c;d", "two\nlines", "tab\there"),
    *("NA", "null", "-", "", " ", "нет данных", "True", "да", "=1+1", "<b>", "{x}", "\\n", "\u202e", "🙂", "x" * 300),
)


def sales(random: random.Random) -> str:
    return f"{random.uniform(-1e6, 1e6):.2f}"


KINDS: tuple[Callable[[random.Random], str], ...] = (
    lambda r: str(r.randint(-1000, 100_000)),
    lambda r: str(r.randint(-(2**70), 2**70)),
    sales,
    lambda r: sales(r).replace(".", ","),
    lambda r: f"{r.uniform(0, 1e7):,.2f}",
    lambda r: f"{r.uniform(0, 1e7):,.2f}".replace(",", "\u00a0").replace(".", ","),
    lambda r: f"{r.randint(1, 100)} %",
    lambda r: f"€{r.randint(1, 9999)}",
    lambda r: f"{r.randint(1, 28):02}.{r.randint(1, 12):02}.{r.randint(1900, 2030)}",
    lambda r: f"{r.randint(1, 12)}/{r.randint(1, 28)}/{r.randint(0, 99):02}",
    lambda r: f"{r.randint(1900, 2030)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}T{r.randint(0, 23):02}:15:00+03:00",
    lambda r: f"{r.randint(0, 23)}:{r.randint(0, 59):02}",
    lambda r: f"{r.randint(0, 99_999):05}",
    lambda r: r.choice(("yes", "no")),
    lambda r: r.choice(("да", "нет", "")),
    lambda r: r.choice(WORDS),
)


def generated(random: random.Random) -> bytes:
    """Return a table in a random dialect and encoding, with what people put around one."""
    kinds = [random.choice(KINDS) for _ in range(random.randint(1, 8))]
    rows = [[kind(random) for kind in kinds] for _ in range(random.choice((0, 1, 2, 5, 20, 200)))]
    header = [random.choice(("id", "name", "Дата", "price", "", "x")) + random.choice(("", " 2")) for _ in kinds]
    ending = random.choice(("\n", "\r\n", "\r"))
    mark = random.choice(DELIMITERS)
    text = io.StringIO()
    quote = random.choice('""""\'')
    quoting = random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))
    doubled = random.random() < 0.8
    writer = csv.writer(
        text, quotechar=quote, quoting=quoting, lineterminator=ending, doublequote=doubled, escapechar="\\"
    )
    if random.random() < 0.8:
        writer.writerow(header)
    writer.writerows(rows)
    body = text.getvalue().replace(",", mark) if mark != "," else text.getvalue()
    above = random.choice(("", "", "", "sep=;", "# made by hand", "Report 2024", "Отчёт\n\n", "a,,,", "\n"))
    below = random.choice(("", "", "", "Total,1,2", "# end", "Итого;5", "\n\n\n", "\x1a", "next\na,b\n1,2"))
    whole = (above + ending if above else "") + body + below
    data = whole.encode(random.choice(ENCODINGS), "replace")
    return packed(random, data) if random.random() < 0.08 else data


def packed(random: random.Random, data: bytes) -> bytes:
    """Return the bytes in an archive of a random kind."""
    kind = random.choice(("gzip", "bz2", "xz", "zip", "tar"))
    if kind == "gzip":
        return gzip.compress(data)
    if kind in {"bz2", "xz"}:
        return bz2.compress(data) if kind == "bz2" else lzma.compress(data)
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("a.csv", "folder/b.csv", "../c.txt")[: random.randint(1, 3)]:
                archive.writestr(name, data)
    else:
        with tarfile.open(fileobj=buffer, mode=random.choice(("w", "w:gz"))) as folder:
            entry = tarfile.TarInfo("a.csv")
            entry.size = len(data)
            folder.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def published() -> list[bytes]:
    """Return the files of the measuring sets, cut to a size that is quick to read; none where they are not."""
    data = Path(os.environ.get("CSVAGENT_BENCH") or Path(__file__).parents[3] / "shared" / "bench")
    found = [path.read_bytes()[:LARGEST] for path in sorted((data / "csv_reader" / "files").glob("*"))]
    for archive in sorted((data / "pollock").glob("*.tar.xz")):
        with tarfile.open(archive) as opened:
            entries = [entry for entry in opened if entry.isfile() and "/csv/" in entry.name]
            for entry in entries[:: max(1, len(entries) // 60)]:
                found.append((opened.extractfile(entry) or io.BytesIO()).read(LARGEST))
    return found
