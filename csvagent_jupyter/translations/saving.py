"""What is said about writing an answer into a folder."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "no_folder": (
        "The folder {folder} cannot be made ({reason}). Choose another place.",
        "Не удалось создать папку {folder} ({reason}). Выберите другое место.",
    ),
    "not_written": (
        "The answer could not be written to {folder} ({reason}). Choose another place, or make room.",
        "Не удалось записать ответ в {folder} ({reason}). Выберите другое место или освободите диск.",
    ),
}
