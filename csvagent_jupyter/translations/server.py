"""What the server says."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "unexpected": (
        "Something went wrong on our side; the server's log says where. Try again.",
        "Произошла внутренняя ошибка; где именно, написано в журнале сервера. Повторите запрос.",
    ),
    "bad_json": (
        "The request cannot be read: {problem}. The page csvagent/api/docs shows what is expected.",
        "Запрос не удалось прочитать: {problem}. Что ожидается, показано на странице csvagent/api/docs.",
    ),
    "too_large": (
        "The request is larger than {limit} KB. Send files by upload instead.",
        "Запрос больше {limit} КБ. Файлы отправляйте загрузкой.",
    ),
}
