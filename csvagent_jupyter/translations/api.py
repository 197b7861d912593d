"""What the description of the routes says."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "title": ("csvagent: questions to CSV files", "csvagent: вопросы к файлам CSV"),
    "about": (
        "Sign in as on any Jupyter server: a token in the header `Authorization: token …`, or the cookies of a page. "
        "Errors are a message for people and a reason for programs. `lang=en` or `lang=ru` chooses the language.",
        "Вход такой же, как на любом сервере Jupyter: токен в заголовке `Authorization: token …` или куки страницы. "
        "Ошибка — это сообщение для человека и причина для программы. Язык выбирают `lang=en` или `lang=ru`.",
    ),
    "parameters": ("Parameters", "Параметры"),
    "body": ("Body", "Тело запроса"),
    "messages": ("Messages", "Сообщения"),
    "replies": ("Replies", "Ответы"),
    "shapes": ("Shapes", "Структуры"),
    "reading": (
        "How files are read, where the guess is wrong. Under the name of one of several files: the same for that one.",
        "Как читать файлы, если догадка неверна. Под именем одного из нескольких файлов — то же самое только для него.",
    ),
    "reading_of_one": ("How one file is read.", "Как читать один файл."),
    "machine_readable": ("The same for programs: openapi.json", "То же для программ: openapi.json"),
    "health": (
        "Tell how the server is: to anybody in one word, to who is signed in part by part.",
        "Рассказать, как дела у сервера: всем — одним словом, вошедшим — по частям.",
    ),
    "list_sessions": (
        "List one's sessions and those that are shared with one, the last used first.",
        "Перечислить свои сессии и те, к которым дали доступ; первой — последнюю использованную.",
    ),
    "create_session": ("Make a session.", "Создать сессию."),
    "read_session": (
        "Show a session with its questions and answers, the oldest first.",
        "Показать сессию с её вопросами и ответами, начиная с самых старых.",
    ),
    "rename_session": ("Give a session another title.", "Переименовать сессию."),
    "delete_session": (
        "Take a session away, and stop what runs in it; it can be brought back for a while.",
        "Удалить сессию и остановить то, что в ней выполняется; какое-то время её можно вернуть.",
    ),
    "restore_session": ("Bring a deleted session back.", "Вернуть удалённую сессию."),
    "read_shares": ("Tell with whom a session is shared.", "Сказать, кому открыт доступ к сессии."),
    "set_shares": (
        "Say with whom a session is shared, by name or by a link; these take the place of the earlier ones.",
        "Задать, кому открыт доступ к сессии: по имени или по ссылке; прежний список заменяется.",
    ),
    "delete_shares": (
        "Share a session no longer: with a name, by a link, or with nobody at all.",
        "Закрыть доступ к сессии: по имени, по ссылке или для всех.",
    ),
    "follow_session": (
        "Follow all that happens in a session, as server-sent events.",
        "Следить за всем, что происходит в сессии, через server-sent events.",
    ),
    "ask": (
        "Put a question in line; files come along in a form, or are named by their path.",
        "Поставить вопрос в очередь; файлы приходят в форме или называются путём.",
    ),
    "ask_and_wait": (
        "Ask, wait, and return the answer; when the client goes away the task is stopped.",
        "Спросить, дождаться и вернуть ответ; если клиент отключится, задача останавливается.",
    ),
    "list_tasks": ("List tasks, the last first.", "Перечислить задачи, начиная с последней."),
    "read_task": (
        "Tell how a task stands, with its answer once there is one.",
        "Сказать, в каком состоянии задача; с ответом, как только он есть.",
    ),
    "cancel_task": ("Stop a task, waiting or running.", "Остановить задачу, ждёт она или выполняется."),
    "replay_task": (
        "Run an answered task's script again, on other files when some are given; no model is asked.",
        "Снова выполнить скрипт решённой задачи, при желании на других файлах; модель не нужна.",
    ),
    "read_plot": ("Send a plot as PNG or SVG.", "Отдать график как PNG или SVG."),
    "read_table": (
        "Send a table, whole or some rows of it, as JSON, CSV or an Arrow file.",
        "Отдать таблицу целиком или часть строк: JSON, CSV или файл Arrow.",
    ),
    "read_file": ("Send a file that the code wrote.", "Отдать файл, который записал код."),
    "read_sent": (
        "Show every request to a model, word for word.",
        "Показать каждый запрос к модели слово в слово.",
    ),
    "follow_task": (
        "Follow one task up to its result, as server-sent events.",
        "Следить за одной задачей до её результата через server-sent events.",
    ),
    "profile": (
        "Tell how a file is read and what is in it; nothing is asked about it.",
        "Сказать, как прочитан файл и что в нём; вопрос не задаётся.",
    ),
    "list_models": (
        "List the models that a question may name, and what each needs.",
        "Перечислить модели, которые можно выбрать, и что нужно каждой.",
    ),
    "read_settings": (
        "Tell what holds for the next question, and what an administrator has set.",
        "Сказать, что действует для следующего вопроса и что задал администратор.",
    ),
    "read_stats": ("Sum up one's last questions.", "Подвести итог своих последних вопросов."),
    "read_openapi": ("Return this description.", "Вернуть это описание."),
    "show_docs": ("Show this description as a page.", "Показать это описание страницей."),
    "show_demo": ("Show a small complete client.", "Показать небольшой полноценный клиент."),
    "converse": (
        "A WebSocket. The client sends messages of the type analyze, cancel, ping or close; the server sends "
        "connected, task_started, progress, result, error and pong. A bad message is answered with an error, and the "
        "connection stays open; one that is too large closes it with 1009.",
        "WebSocket. Клиент отправляет сообщения analyze, cancel, ping или close; сервер — connected, task_started, "
        "progress, result, error и pong. На неверное сообщение приходит error, и соединение остаётся открытым; "
        "слишком большое закрывает его с кодом 1009.",
    ),
    "param_limit": ("At most so many.", "Не больше стольких."),
    "param_offset": ("The first row, counted from 0.", "С какой строки начать, считая с 0."),
    "param_after": ("Go on after the event with this `seq`.", "Продолжить после события с этим `seq`."),
    "param_link": ("The secret of the link by which a session is shared.", "Секрет ссылки, по которой открыт доступ."),
    "param_session_id": ("Only those of this session.", "Только этой сессии."),
    "param_spreadsheet": (
        "`1` protects cells that a spreadsheet would take for formulas.",
        "`1` защищает ячейки, которые электронная таблица приняла бы за формулы.",
    ),
    "param_name": ("Whom it was shared with.", "Кому был открыт доступ."),
}
