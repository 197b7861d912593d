"""What the queue and the run of a task say."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "waiting": (
        "Waiting: {before:question is|questions are} before this one in the session",
        "В очереди: перед этим вопросом в сессии {before:вопрос|вопроса|вопросов}",
    ),
    "starting": ("Starting", "Начинаю"),
    "stopped": ("Stopped after {seconds} s.", "Остановлено через {seconds} с."),
    "runner_ended": (
        "This stopped because its notebook kernel ended. Run the cell again to ask anew.",
        "Работа остановлена: ядро ноутбука завершилось. Запустите ячейку ещё раз, чтобы спросить заново.",
    ),
    "internal": (
        "Something went wrong inside csvagent-jupyter ({name} at {place}). Ask again; if it happens again, please "
        "report it with this line.",
        "Внутри csvagent-jupyter произошла ошибка ({name}, {place}). Спросите ещё раз; если это повторится, сообщите "
        "о ней, приложив эту строку.",
    ),
    "over_budget": (
        "The budget {name} is used up: {limit} allowed, {asked} more asked for. Raise it, or ask when it is renewed.",
        "Бюджет {name} исчерпан: разрешено {limit}, требуется ещё {asked}. Увеличьте его или спросите позже.",
    ),
    "no_price": (
        "There is a money budget, but the price of {model} is not known. Choose a model with a known price, or set a "
        "token budget instead.",
        "Задан денежный бюджет, но цена модели {model} неизвестна. Выберите модель с известной ценой или задайте "
        "бюджет в токенах.",
    ),
}
