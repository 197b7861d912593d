"""What an untrusted process may do: its limits and its environment.

Whoever starts such a process builds its environment with `clean_environment`; the process itself applies its `Limits`
before it runs any code that is not ours.
"""

from .environment import clean_environment
from .folders import remove_folder
from .limits import Limits, apply_limits, room_for_data

__all__ = ["Limits", "apply_limits", "clean_environment", "remove_folder", "room_for_data"]
