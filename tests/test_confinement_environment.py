"""Nothing comes into an untrusted process's environment that is not on the list."""

from __future__ import annotations

from pathlib import Path

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
