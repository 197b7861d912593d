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
    "budget_tokens_session": (
        "This session may use {limit:token|tokens}, and they are used up. Start another session, use a local model, or "
        "ask whoever set the bound to raise it.",
        "Этой сессии разрешено {limit:токен|токена|токенов}, и они исчерпаны. Начните другую сессию, возьмите "
        "локальную модель или попросите увеличить ограничение.",
    ),
    "budget_tokens_owner": (
        "You may use {limit:token|tokens} a day, and they are used up. Ask again tomorrow, use a local model, or ask "
        "whoever set the bound to raise it.",
        "Вам разрешено {limit:токен|токена|токенов} в день, и они исчерпаны. Спросите завтра, возьмите локальную "
        "модель или попросите увеличить ограничение.",
    ),
    "budget_cost_session": (
        "This session may cost {limit} US dollars, and they are used up. Start another session, use a local model, or "
        "ask whoever set the bound to raise it.",
        "Этой сессии разрешено потратить {limit} долл. США, и они исчерпаны. Начните другую сессию, возьмите "
        "локальную модель или попросите увеличить ограничение.",
    ),
    "budget_cost_owner": (
        "You may spend {limit} US dollars a day, and they are used up. Ask again tomorrow, use a local model, or ask "
        "whoever set the bound to raise it.",
        "Вам разрешено тратить {limit} долл. США в день, и они исчерпаны. Спросите завтра, возьмите локальную "
        "модель или попросите увеличить ограничение.",
    ),
    "source_gone": (
        "The data of {name} is no longer kept. Give the file or the DataFrame again.",
        "Данные {name} больше не хранятся. Укажите файл или DataFrame ещё раз.",
    ),
    "nothing_to_replay": (
        "Task {task_id} has no answer that could be run again. Choose an answered one.",
        "У задачи {task_id} нет ответа, который можно повторить. Выберите задачу с ответом.",
    ),
    "isolation_shared": (
        "Several people ask in this session, so its code runs at the isolation level “confined” only, and this host "
        "offers “{level}”. Ask in a session of your own, or on a host that can confine code.",
        "В этой сессии спрашивают несколько человек, поэтому код выполняется только с изоляцией «confined», а здесь "
        "доступна «{level}». Спросите в своей сессии или на машине, где такая изоляция есть.",
    ),
    "isolation": (
        "Code from {model} would run at the isolation level “{level}” here, and “{minimum}” is asked for. Agree "
        "once with `%csvagent allow {level}` in a notebook or `csvagent allow {level}` in a terminal (or set "
        "c.CSVAgentManager.minimum_isolation), or ask the offline engine.",
        "Код модели {model} выполнялся бы здесь с изоляцией «{level}», а требуется «{minimum}». Согласиться можно "
        "командой `%csvagent allow {level}` в блокноте или `csvagent allow {level}` в терминале (или задать "
        "c.CSVAgentManager.minimum_isolation); либо спросите встроенный движок.",
    ),
}
