"""What can be set, in any of Jupyter's configuration files: ``c.CSVAgentManager.max_attempts = 2``."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from traitlets import Bool, Enum, Float, Integer, Type, Unicode, default
from traitlets.config import LoggingConfigurable

from .confinement import Limits
from .confinement.outer import OUTER_LAYERS
from .messages import ISOLATIONS, SHARES, Budget, limit_setting
from .translations import say

if TYPE_CHECKING:
    from .tables.order import Bounds
    from .tasks.workshop import Rules

MAX_ATTEMPTS: Final = 20
BYTES_PER_GB: Final = 2**30


class Settings(LoggingConfigurable):
    """The traits of the manager; those in `RULES` may change while it runs and hold from the next question on."""

    session_store_class = Type(
        "csvagent_jupyter.sessions.sqlite.SQLiteStore",
        klass="csvagent_jupyter.sessions.base.SessionStore",
        help="Where sessions are kept: Redis when REDIS_URL or REDIS_HOST is set, else a file in the data folder.",
    ).tag(config=True)
    task_queue_class = Type(
        "csvagent_jupyter.tasks.inprocess.InProcessQueue",
        klass="csvagent_jupyter.tasks.base.TaskQueue",
        help="Where and when tasks run.",
    ).tag(config=True)
    data_folder = Unicode(help="Folder for sessions and kept files; empty: csvagent in Jupyter's data folder.").tag(
        config=True
    )
    artifact_quota = Integer(
        10 * BYTES_PER_GB, allow_none=True, help="Bytes of plots, tables and files that one person may have kept."
    ).tag(config=True)
    artifact_days = Float(7.0, help="Days after which kept files that no session mentions are removed.").tag(
        config=True
    )
    adopts = Bool(False, help="Whether tasks that a process left behind are taken up again: a server's are.")
    max_running = Integer(4, min=1, help="Tasks that run at a time.").tag(config=True)
    max_kernels = Integer(4, min=1, help="Dedicated kernels that are kept at a time.").tag(config=True)
    kernel_idle_seconds = Float(
        900.0, min=1.0, help="Seconds after which an idle dedicated kernel ends, and the process that starts them."
    ).tag(config=True)
    kernels_memory = Integer(
        allow_none=True,
        help="Bytes of memory that all dedicated kernels may take together; none: no bound. "
        "Usually half of what the machine, or the control group, has.",
    ).tag(config=True)
    spare_kernel = Bool(True, help="Start one kernel ahead, so that a session's first question finds it ready.").tag(
        config=True
    )
    kernel_outer_layer = Enum(
        OUTER_LAYERS,
        allow_none=True,
        default_value=None,
        help="Whether kernels run inside bubblewrap as well: off, bubblewrap (where that works), or required; "
        "none: CSVAGENT_OUTER_LAYER, else off.",
    ).tag(config=True)
    kernel_provisioner = Unicode(
        "csvagent-sandbox", help="What starts the dedicated kernels: the entry point of a kernel provisioner."
    ).tag(config=True)
    # kernel_memory, kernel_cpu_seconds and so on: one for each limit, as `Limits` declares it
    for _limit in fields(Limits):
        locals()[limit_setting(_limit.name)] = Integer(
            getattr(Limits(), _limit.name), min=_limit.metadata["least"], help=_limit.metadata["help"]
        ).tag(config=True)
    del _limit
    reading_memory = Integer(
        4 * BYTES_PER_GB, min=BYTES_PER_GB // 4, help="Bytes of memory that the process which reads a file may take."
    ).tag(config=True)
    reading_seconds = Float(600.0, min=1.0, help="Seconds that reading one file may take.").tag(config=True)
    copies_size = Integer(
        10 * BYTES_PER_GB,
        min=0,
        help="Bytes of columnar copies of large files that are kept, so that each is read once.",
    ).tag(config=True)
    copies_days = Float(7.0, min=0.0, help="Days after which such a copy that nobody used is removed.").tag(config=True)

    model = Unicode(help="The model, as provider:model; empty: CSVAGENT_MODEL, else what the environment offers.").tag(
        config=True
    )
    share = Enum(
        SHARES, allow_none=True, default_value=None, help="What of the data a remote model may see by default."
    ).tag(config=True)
    share_ceiling = Enum(SHARES, default_value="sample", help="The most that any request may share.").tag(config=True)
    language = Enum(
        ("en", "ru"), allow_none=True, default_value=None, help="Language of answers; none: the question's own."
    ).tag(config=True)
    max_attempts = Integer(3, min=1, max=MAX_ATTEMPTS, help="Attempts per question.").tag(config=True)
    timeout = Float(120.0, min=1.0, help="Seconds that a question may take as a whole.").tag(config=True)
    max_tokens = Integer(4_096, min=256, help="Tokens that one reply of a model may have.").tag(config=True)
    minimum_isolation = Enum(
        ISOLATIONS, default_value="confined", help="The level below which a model's code is refused."
    ).tag(config=True)
    run_tokens = Integer(None, allow_none=True, help="Tokens that one question may use.").tag(config=True)
    run_cost = Float(None, allow_none=True, help="US dollars that one question may cost.").tag(config=True)
    session_tokens = Integer(None, allow_none=True, help="Tokens that one session may use.").tag(config=True)
    session_cost = Float(None, allow_none=True, help="US dollars that one session may cost.").tag(config=True)
    owner_tokens = Integer(None, allow_none=True, help="Tokens that one person may use in a day.").tag(config=True)
    owner_cost = Float(None, allow_none=True, help="US dollars that one person may spend in a day.").tag(config=True)
    owner_questions_per_minute = Integer(
        120, min=1, allow_none=True, help="Questions that one person may ask in a minute; none: as many as they like."
    ).tag(config=True)

    @default("session_store_class")
    def _store_of_the_environment(self) -> str:
        from .sessions.redis_address import is_configured

        shared = is_configured(os.environ)
        return f"csvagent_jupyter.sessions.{'redis.RedisStore' if shared else 'sqlite.SQLiteStore'}"

    @default("kernels_memory")
    def _half_of_all_memory(self) -> int | None:
        from .sandbox.memory import half_of_all

        return half_of_all()

    @default("share")
    def _share_from_environment(self) -> str | None:
        wanted = os.environ.get("CSVAGENT_SHARE", "").strip().lower()
        if not wanted or wanted in SHARES:
            return wanted or None
        # Whoever set it wanted to share less than the default, or at least not more.
        self.log.warning(say("manager.unknown_share", value=wanted, levels=", ".join(SHARES)))
        return SHARES[0]

    @property
    def folder(self) -> Path:
        """Where sessions and kept files are."""
        if self.data_folder:
            return Path(self.data_folder).expanduser()
        from jupyter_core.paths import jupyter_data_dir

        return Path(jupyter_data_dir()) / "csvagent"

    @property
    def kernel_limits(self) -> Limits:
        """What every kernel may take, as the settings are now."""
        return Limits(**{limit.name: getattr(self, limit_setting(limit.name)) for limit in fields(Limits)})

    @property
    def reading_bounds(self) -> Bounds:
        """What reading a file may take, as the settings are now."""
        from .tables.order import Bounds

        return Bounds(
            memory=self.reading_memory,
            seconds=self.reading_seconds,
            kernel=self.kernel_limits.memory,
            folder=self.folder / "copies",
            copies_size=self.copies_size,
            copies_days=self.copies_days,
        )

    @property
    def rules(self) -> Rules:
        """What holds for every run, as the settings are now."""
        from .tasks.workshop import Rules

        traits: dict[str, Any] = {
            name: getattr(self, name) for name in RULES if not name.endswith(("_tokens", "_cost"))
        }
        return Rules(
            **traits,
            max_tokens=self.max_tokens,
            run_budget=Budget(self.run_tokens, self.run_cost),
            session_budget=Budget(self.session_tokens, self.session_cost),
            owner_budget=Budget(self.owner_tokens, self.owner_cost),
        )


RULES: Final = (
    "model",
    "share",
    "share_ceiling",
    "language",
    "max_attempts",
    "timeout",
    "max_tokens",
    "minimum_isolation",
    "run_tokens",
    "run_cost",
    "session_tokens",
    "session_cost",
    "owner_tokens",
    "owner_cost",
)
