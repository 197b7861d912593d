"""The environment of an untrusted process: built from an allow-list, so that no secret can come along by accident."""

from __future__ import annotations

import os
import re
import site
from collections.abc import Mapping
from pathlib import Path

from .limits import Limits

ALLOWED = (
    "PATH",
    "LANG",
    "LANGUAGE",
    "TZ",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "FONTCONFIG_PATH",
    "FONTCONFIG_FILE",
    "SYSTEMROOT",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
)
# Folders that libraries come from. One without a full name is looked for where the process works, where code writes.
PLACES_OF_LIBRARIES = ("PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
THREAD_POOLS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "ARROW_IO_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
)
# Who is to be forked or confined must have one thread: neither a pool of BLAS nor the one that tidies Arrow's memory.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


def clean_environment(environ: Mapping[str, str], folder: Path, limits: Limits) -> dict[str, str]:
    """Return the environment for a process whose home is inside `folder`; of `environ` only what is harmless stays."""
    home = str(folder / "home")
    kept = {name: environ[name] for name in ALLOWED if name in environ}
    kept |= {name: _full_names(kept[name]) for name in PLACES_OF_LIBRARIES if name in kept}
    kept = {name: value for name, value in kept.items() if value or name not in PLACES_OF_LIBRARIES}
    kept |= {name: value for name, value in environ.items() if name.startswith("LC_")}
    kept |= {name: str(limits.threads) for name in THREAD_POOLS}
    if site.ENABLE_USER_SITE and (user_base := site.getuserbase()) and Path(user_base).is_absolute():
        kept["PYTHONUSERBASE"] = user_base
    else:
        kept["PYTHONNOUSERSITE"] = "1"  # else it would be in the home, where code writes
    temporary = str(folder / "tmp")
    return kept | {
        "HOME": home,
        "USERPROFILE": home,
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "IPYTHONDIR": str(folder / "home" / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "home" / "jupyter"),
        "JUPYTER_DATA_DIR": str(folder / "home" / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(folder / "home" / "jupyter"),
        "JUPYTER_NO_CONFIG": "1",
        "MPLCONFIGDIR": str(folder / "home" / "matplotlib"),
        "MPLBACKEND": "agg",
        "JOBLIB_MULTIPROCESSING": "0",  # no process can be started: n_jobs then works in this one
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUTF8": "1",
    }


def _full_names(folders: str) -> str:
    """Leave out folders without a full name; an empty one means where the process works."""
    # The loader takes a semicolon for a separator, too.
    named = re.split("[:;]", folders) if os.name == "posix" else folders.split(os.pathsep)
    return os.pathsep.join(folder for folder in named if Path(folder).is_absolute())
