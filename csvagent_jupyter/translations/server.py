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
    "bad_after": (
        "`{given}` is no event's number. Use the `seq` of the last event that you have.",
        "«{given}» — не номер события. Укажите `seq` последнего полученного события.",
    ),
    "connected": (
        "Connected. Ask with a message of the type analyze.",
        "Соединение открыто. Спрашивайте сообщением analyze.",
    ),
    "not_allowed": (
        "You may not do this here ({action}). Ask the server's administrator for the right to.",
        "Здесь вам это не разрешено ({action}). Попросите право у администратора сервера.",
    ),
    "too_large": (
        "The request is larger than {limit} KB. Send files by upload instead.",
        "Запрос больше {limit} КБ. Файлы отправляйте загрузкой.",
    ),
}
