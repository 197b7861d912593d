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
    "stopped_waiting": ("Stopped before it began.", "Остановлено до начала работы."),
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
    "budget_tokens": (
        "The token budget of this {whose} ({limit}) is used up. Raise it, or ask when it is renewed.",
        "Бюджет токенов ({limit}, {whose}) исчерпан. Увеличьте его или спросите позже.",
    ),
    "budget_cost": (
        "The money budget of this {whose} ({limit} US dollars) is used up. Raise it, or ask when it is renewed.",
        "Денежный бюджет ({limit} долл. США, {whose}) исчерпан. Увеличьте его или спросите позже.",
    ),
    "source_gone": (
        "The data of {name} is no longer kept. Give the file or the DataFrame again.",
        "Данные {name} больше не хранятся. Укажите файл или DataFrame ещё раз.",
    ),
    "nothing_to_replay": (
        "Task {task_id} has no answer that could be run again. Choose an answered one.",
        "У задачи {task_id} нет ответа, который можно повторить. Выберите задачу с ответом.",
    ),
    "isolation": (
        "Code from {model} would run at the isolation level {level} here, and at least {minimum} is asked for. Use the "
        "offline engine, or allow it with %csvagent allow.",
        "Код от {model} выполнялся бы здесь с изоляцией {level}, а требуется не ниже {minimum}. Используйте встроенный "
        "движок (offline) или разрешите это: %csvagent allow.",
    ),
}
