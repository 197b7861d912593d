"""What an untrusted process may do: its limits and its environment.

Whoever starts such a process builds its environment with `clean_environment`; the process itself applies its `Limits`
before it runs any code that is not ours.
"""

from .environment import clean_environment
from .folders import own_folder, remove_folder
from .limits import Limits, apply_limits, bound_open_files, processor_seconds, room_for_data, time_for_run

__all__ = [
    "Limits",
    "apply_limits",
    "bound_open_files",
    "clean_environment",
    "own_folder",
    "processor_seconds",
    "remove_folder",
    "room_for_data",
    "time_for_run",
]
