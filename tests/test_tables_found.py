"""Files that reading once broke on, as small as they could be made; most were found by ``make fuzz``."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from csvagent_jupyter.exceptions import Unreadable
from csvagent_jupyter.tables import read_table

FAILED = frozenset(f"tables.reading_{how}" for how in ("crashed", "garbled", "killed", "memory", "slow"))
FOUND: list[tuple[bytes, dict[str, Any]]] = [
    (b"a,b\n" + b"9" * 5_000 + b",1\n", {}),
    (b"a\n1", {"types": {"a": "date"}}),
    (b"a", {"encoding": "punycode"}),
    (b"\xff", {"encoding": "idna"}),
    (b"a,b\n1,2\n", {"delimiter": ".*"}),
    (b"\0", {}),
    (b";\0", {"encoding": "utf-16-be"}),
    (b"PK\x03\x04", {}),
    (b"\x1f\x8b\x08", {}),
    (gzip.compress(b"a,b\n1,2\n")[:-5], {}),
    (b'"/"-\n"', {}),
    (b'\r2"\r', {}),
    (b"a," * 2_000 + b"a\n" + b"1," * 2_000 + b"1\n", {"as_text": True}),
]


@pytest.mark.parametrize(("data", "options"), FOUND, ids=range(len(FOUND)))
def test_it_is_read_or_refused_in_words(tmp_path: Path, data: bytes, options: dict[str, Any]) -> None:
    path = tmp_path / "found.csv"
    path.write_bytes(data)
    try:
        table = read_table(path, **options)
    except Unreadable as refusal:
        assert refusal.key not in FAILED
        assert refusal.say("ru")
        return
    table.profile("ru")
    namespace: dict[str, Any] = {}
    exec("import pandas as pd\n" + table.read_code, namespace)
    pd.testing.assert_frame_equal(namespace["df"], table.to_pandas())


def test_a_table_is_as_wide_as_can_be_planned_and_no_wider(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{number}" for number in range(150_000)) + "\n" + "1," * 149_999 + "1\n")
    with pytest.raises(Unreadable, match=r"has 150,?000 columns") as caught:
        read_table(path)
    assert caught.value.key == "tables.too_many_columns"
    assert "100" in caught.value.say("ru")
