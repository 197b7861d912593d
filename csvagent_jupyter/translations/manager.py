"""What the manager says."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "empty_question": (
        "There is no question. Write what you want to know, for example: revenue by month as a line.",
        "Вопроса нет. Напишите, что хотите узнать, например: выручка по месяцам линией.",
    ),
    "long_question": (
        "The question has {length:character|characters}; at most {limit} are taken. Keep the question short and put "
        "the data into a file.",
        "В вопросе {length:символ|символа|символов}, а принимается не больше {limit}. Сократите вопрос, а данные "
        "положите в файл.",
    ),
    "no_sources": (
        "No file was named, and this session has none yet. Name a CSV file or a DataFrame before the question.",
        "Файл не указан, и в этой сессии его ещё нет. Назовите перед вопросом CSV-файл или DataFrame.",
    ),
    "share_with_whom": (
        "Each share needs either a name or a link. Give the person's name, or “link”: true for a new link.",
        "Для каждого доступа нужно либо имя, либо ссылка. Укажите имя человека или «link»: true для новой ссылки.",
    ),
    "foreign_link": (
        "That link is none of this session's. Ask for a new one with “link”: true.",
        "У этой сессии такой ссылки нет. Запросите новую: «link»: true.",
    ),
    "not_shared": (
        "The session is not shared with that name, or by that link, so nothing was changed. Its shares tell who reads.",
        "С этим именем или по этой ссылке сессия не открыта, поэтому ничего не изменено. Кому она открыта, видно в "
        "shares.",
    ),
    "foreign_path": (
        "This session belongs to somebody else or was asked in by others, and {names} was named as a file of theirs, "
        "which cannot be opened for you. Give the file along with the question.",
        "В этой сессии участвуют и другие люди, а {names} — это файл на их диске, открыть его для вас нельзя. "
        "Приложите файл к вопросу.",
    ),
    "too_many_questions": (
        "At most {limit:question|questions} a minute can be asked. Ask again in {seconds:second|seconds}.",
        "В минуту можно задать не больше {limit:вопроса|вопросов|вопросов}. Повторите через "
        "{seconds:секунду|секунды|секунд}.",
    ),
    "bad_attempts": (
        "The number of attempts must be between 1 and {limit}.",
        "Число попыток должно быть от 1 до {limit}.",
    ),
    "bad_timeout": (
        "The time limit must be more than 0 and at most {limit:second|seconds}.",
        "Ограничение по времени должно быть больше 0 и не больше {limit:секунды|секунд|секунд}.",
    ),
    "bad_share": (
        "“{share}” is not a level of sharing. There are: {known}.",
        "«{share}» — неизвестный уровень передачи данных. Есть: {known}.",
    ),
    "bad_language": (
        "“{asked}” is not a language that answers are given in. There are: {known}.",
        "На языке «{asked}» ответы не даются. Есть: {known}.",
    ),
    "unknown_share": (
        "CSVAGENT_SHARE is “{value}”, which is none of {levels}, so only the schema is shared. Set one of them.",
        "В CSVAGENT_SHARE стоит «{value}», а должно быть одно из {levels}, поэтому передаётся только схема. "
        "Укажите одно из них.",
    ),
    "config_file": (
        "The configuration file {file} cannot be read: {error}. Mend it, or move it away.",
        "Файл настроек {file} не читается: {error}. Исправьте его или уберите.",
    ),
    "config_value": (
        "A setting cannot be used (read from {files}): {error}. Mend it there; docs/settings.md lists what can be set.",
        "Настройка не подходит (прочитана из {files}): {error}. Исправьте её там; все настройки описаны в "
        "docs/settings.md.",
    ),
    "unknown_setting": (
        "c.CSVAgentManager.{name} is set and means nothing. docs/settings.md lists what can be set.",
        "Настройка c.CSVAgentManager.{name} задана, но такой нет. Все настройки описаны в docs/settings.md.",
    ),
    "unknown_setting_near": (
        "c.CSVAgentManager.{name} is set and means nothing; the nearest setting is {nearest}. docs/settings.md lists "
        "what can be set.",
        "Настройка c.CSVAgentManager.{name} задана, но такой нет; ближайшая — {nearest}. Все настройки описаны в "
        "docs/settings.md.",
    ),
    "unknown_consent": (
        "“{what}” cannot be allowed. Allow “share” (more of the data for a model that was only found by its key) or "
        "“process” (a kernel that is separate, but not confined).",
        "«{what}» разрешить нельзя. Можно разрешить «share» (больше данных для модели, найденной только по ключу) или "
        "«process» (отдельное, но не ограниченное ядро).",
    ),
    # consent
    "allowed_share": (
        "The model that was found by its key may see example rows from now on. `--share schema` holds them back "
        "for one question.",
        "Теперь модель, найденная по ключу, увидит и примеры строк. Для отдельного вопроса это отменяет "
        "`--share schema`.",
    ),
    "allowed_process": (
        "A model's code may run from now on in a separate process that is not confined.",
        "Теперь код модели может выполняться в отдельном процессе без изоляции.",
    ),
    "allowed_confined": (
        "A model's code may run from now on in a process that is confined.",
        "Теперь код модели может выполняться в изолированном процессе.",
    ),
}
