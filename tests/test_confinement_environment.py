"""Nothing comes into an untrusted process's environment that is not on the list."""

from __future__ import annotations

import site
from pathlib import Path

import pytest

from csvagent_jupyter.confinement import Limits, clean_environment

SECRETS = {
    "OPENAI_API_KEY": "sk-canary",
    "AWS_SECRET_ACCESS_KEY": "canary",
    "JUPYTERHUB_API_TOKEN": "canary",
    "REDIS_URL": "redis://:canary@host",
    "SSH_AUTH_SOCK": "/run/canary",
    "HTTPS_PROXY": "http://user:canary@proxy",
    "PYTHONSTARTUP": "/home/canary.py",
    "IPYTHONDIR": "/home/canary/.ipython",
}


def test_only_what_is_allowed_stays() -> None:
    environ = SECRETS | {"PATH": "/usr/bin", "LANG": "ru_RU.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}
    cleaned = clean_environment(environ, Path("/somewhere"), Limits())
    assert not any("canary" in value for value in cleaned.values())
    assert {name: cleaned[name] for name in ("PATH", "LANG", "LC_ALL", "TZ")} == {
        "PATH": "/usr/bin",
        "LANG": "ru_RU.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "Asia/Tokyo",
    }


def test_every_home_is_inside_the_folder() -> None:
    cleaned = clean_environment({"HOME": "/home/person"}, Path("/somewhere"), Limits(threads=3))
    for name in ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR", "TMPDIR"):
        assert cleaned[name].startswith(str(Path("/somewhere")))
    assert cleaned["OMP_NUM_THREADS"] == cleaned["OPENBLAS_NUM_THREADS"] == "3"


@pytest.mark.parametrize("name", ["PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"])
@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("/one:/two words", "/one:/two words"),
        (":/one", "/one"),
        ("/one:", "/one"),
        ("/one::lib:./lib:../lib:~/lib", "/one"),
        ("/one;/two;", "/one:/two"),
        ("$ORIGIN/lib:/one", "/one"),
        (":", None),
        ("", None),
        ("lib", None),
    ],
)
def test_libraries_come_only_from_folders_with_a_full_name(name: str, given: str, left: str | None) -> None:
    """Any other is looked for where the process works, which code may write."""
    assert clean_environment({name: given}, Path("/somewhere"), Limits()).get(name) == left


def test_the_persons_own_libraries_are_theirs_or_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "ENABLE_USER_SITE", True)
    for base, kept in (("/home/person/.local", True), ("somewhere", False)):
        monkeypatch.setattr(site, "USER_BASE", base)
        cleaned = clean_environment({}, Path("/somewhere"), Limits())
        assert (cleaned.get("PYTHONUSERBASE"), cleaned.get("PYTHONNOUSERSITE")) == (
            (base, None) if kept else (None, "1")
        )
    monkeypatch.setattr(site, "ENABLE_USER_SITE", False)
    cleaned = clean_environment({"PYTHONNOUSERSITE": "1"}, Path("/somewhere"), Limits())
    assert ("PYTHONUSERBASE" in cleaned, cleaned["PYTHONNOUSERSITE"]) == (False, "1")
