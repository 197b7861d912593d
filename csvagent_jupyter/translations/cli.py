"""What the command line says."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    # help
    "about": (
        "Ask a CSV file a question: a model writes pandas code, a kernel of its own runs it.",
        "Вопросы к файлам CSV: модель пишет код на pandas, его выполняет отдельное ядро.",
    ),
    "about_ask": ("answer a question about files", "ответить на вопрос о файлах"),
    "about_profile": ("show how a file is read and what is in it", "показать, как прочитан файл и что в нём"),
    "about_replay": (
        "run the code of an answer again, on the same files or on others, without a model",
        "выполнить код ответа ещё раз, на тех же или других файлах, без модели",
    ),
    "about_serve": (
        "answer programs over REST, WebSocket and SSE",
        "отвечать программам по REST, WebSocket и SSE",
    ),
    "about_allow": (
        "agree once to weaker isolation or to sharing more",
        "один раз разрешить более слабую изоляцию или передачу данных",
    ),
    "about_doctor": ("check that everything works here", "проверить, всё ли здесь работает"),
    "usage": ("Usage:", "Как запускать:"),
    "usage_ask": (
        'FILE [FILE ...] "question" [--model ID] [--max-attempts N] [--timeout S] [--share schema|stats|sample] '
        "[--session NAME] [--read OPTION=VALUE ...] [--strict] [--lang en|ru] [--json] [--out DIR]",
        'ФАЙЛ [ФАЙЛ ...] "вопрос" [--model ID] [--max-attempts N] [--timeout S] [--share schema|stats|sample] '
        "[--session ИМЯ] [--read ПАРАМЕТР=ЗНАЧЕНИЕ ...] [--strict] [--lang en|ru] [--json] [--out ПАПКА]",
    ),
    "usage_profile": (
        "FILE [--glance] [--read OPTION=VALUE ...] [--strict] [--lang en|ru] [--json]",
        "ФАЙЛ [--glance] [--read ПАРАМЕТР=ЗНАЧЕНИЕ ...] [--strict] [--lang en|ru] [--json]",
    ),
    "usage_replay": (
        "TASK [FILE ...] [--read OPTION=VALUE ...] [--strict] [--lang en|ru] [--json] [--out DIR]",
        "ЗАДАЧА [ФАЙЛ ...] [--read ПАРАМЕТР=ЗНАЧЕНИЕ ...] [--strict] [--lang en|ru] [--json] [--out ПАПКА]",
    ),
    "usage_serve": (
        "[--port N] [--ip IP] [--folder DIR] [--lang en|ru]",
        "[--port N] [--ip IP] [--folder ПАПКА] [--lang en|ru]",
    ),
    "usage_allow": ("share|process [--lang en|ru] [--json]", "share|process [--lang en|ru] [--json]"),
    "usage_doctor": ("[--lang en|ru] [--json]", "[--lang en|ru] [--json]"),
    "command": ("COMMAND", "КОМАНДА"),
    "level": ("LEVEL", "УРОВЕНЬ"),
    "name": ("NAME", "ИМЯ"),
    "folder": ("DIR", "ПАПКА"),
    "options": ("options", "параметры"),
    "more_help": (
        "csvagent COMMAND --help says more about a command; csvagent --version tells the version.",
        "Подробнее о команде: csvagent КОМАНДА --help; версия: csvagent --version.",
    ),
    "option_glance": (
        "look at samples of a large file only, at once; the notes say what that leaves open",
        "просмотреть только выборку из большого файла, сразу; что осталось неизвестным, скажут заметки",
    ),
    "option_model": (
        "model to ask, as provider:model or offline; without it the one that doctor names",
        "модель в виде провайдер:модель или offline; без параметра — та, что называет doctor",
    ),
    "option_max_attempts": (
        "how often code may be written until it works",
        "сколько раз можно писать код заново, если он не работает",
    ),
    "option_timeout": ("seconds for the whole question", "секунд на весь вопрос"),
    "option_share": (
        "what a model elsewhere may see of the data: schema, stats or sample",
        "что из данных можно показать внешней модели: schema, stats или sample",
    ),
    "option_session": (
        "name of the dialogue to go on with, so that the question may build on earlier ones",
        "имя диалога, чтобы вопрос мог опираться на предыдущие",
    ),
    "stated": ("OPTION=VALUE", "ПАРАМЕТР=ЗНАЧЕНИЕ"),
    "option_read": (
        "how the files are read where the guess is wrong; FILE:OPTION=VALUE for one of several (see below)",
        "как читать файлы, если догадка неверна; ФАЙЛ:ПАРАМЕТР=ЗНАЧЕНИЕ для одного из нескольких (см. ниже)",
    ),
    "option_strict": (
        "refuse a file with a row that does not fit, and name its line, instead of repairing the row",
        "отказаться от файла со сбойной строкой и назвать её, а не исправлять",
    ),
    "reading": ("What can be stated of how a file is read:", "Что можно указать о чтении файла:"),
    "reading_words": (
        "Characters have names, too: tab, space, comma, semicolon, colon, pipe, point, quote, apostrophe, backslash, "
        "none.\nTypes: types=price:number,when:date. Words: missing=n/a,-.",
        "У символов есть имена: tab, space, comma, semicolon, colon, pipe, point, quote, apostrophe, backslash, "
        "none.\nТипы: types=price:number,when:date. Слова: missing=n/a,-.",
    ),
    "option_lang": ("language of the answer: en or ru", "язык ответа: en или ru"),
    "option_json": ("print one JSON object", "напечатать один объект JSON"),
    "option_out": (
        "folder for code.py, plot-1.png … and answer.json",
        "папка для code.py, plot-1.png … и answer.json",
    ),
    "option_port": (
        "port to listen on (default: PORT, else 8000)",
        "порт (по умолчанию PORT, иначе 8000)",
    ),
    "option_ip": (
        "address to listen on (default: HOST, else this machine only)",
        "адрес (по умолчанию HOST, иначе только этот компьютер)",
    ),
    "option_root": (
        "folder that paths in requests begin at (default: this one)",
        "папка, от которой считаются пути в запросах (по умолчанию текущая)",
    ),
    "option_help": ("show this help", "показать эту справку"),
    # bad use
    "no_such_folder": (
        "There is no folder {folder}. Check the path, or make the folder first.",
        "Папки {folder} нет. Проверьте путь или сначала создайте папку.",
    ),
    "not_a_port": (
        "`{value}` is no port. Give a whole number from 0 to 65535.",
        "«{value}» — не порт. Укажите целое число от 0 до 65535.",
    ),
    "unknown_command": (
        "There is no command {command}. Commands: {commands}.",
        "Команды {command} нет. Есть команды: {commands}.",
    ),
    "unknown_option": (
        "There is no option {option} here. Options: {options}.",
        "Параметра {option} здесь нет. Есть параметры: {options}.",
    ),
    "unknown_option_near": (
        "There is no option {option} here. Did you mean {near}?",
        "Параметра {option} здесь нет. Возможно, имелся в виду {near}?",
    ),
    "value_missing": ("{option} needs a value after it.", "После {option} нужно значение."),
    "flag_with_value": ("{option} takes no value.", "Параметр {option} пишется без значения."),
    "not_a_choice": (
        "{option} cannot be “{value}”. It is one of: {choices}.",
        "Для {option} не подходит «{value}». Возможные значения: {choices}.",
    ),
    "not_a_count": (
        "{option} needs a whole number above zero, not “{value}”.",
        "Для {option} нужно целое число больше нуля, а не «{value}».",
    ),
    "not_seconds": (
        "{option} needs a number of seconds above zero, not “{value}”.",
        "Для {option} нужно число секунд больше нуля, а не «{value}».",
    ),
    "question_missing": (
        'Give the files first and the question last, in quotes: csvagent ask sales.csv "revenue by month".',
        'Сначала назовите файлы, последним — вопрос в кавычках: csvagent ask sales.csv "выручка по месяцам".',
    ),
    "one_file": (
        "Give one file: csvagent profile sales.csv.",
        "Укажите один файл: csvagent profile sales.csv.",
    ),
    "task_missing": (
        "Say which answer to run again: csvagent replay TASK. The task is named under each answer.",
        "Укажите, какой ответ повторить: csvagent replay ЗАДАЧА. Её имя стоит под каждым ответом.",
    ),
    "one_consent": (
        "Say what is allowed: `csvagent allow process` lets a model's code run in a process that is not confined, "
        "`csvagent allow share` shows more of the data to a model that was only found by its key.",
        "Укажите, что разрешить: `csvagent allow process` — выполнять код модели в процессе без изоляции, "
        "`csvagent allow share` — передавать больше данных модели, найденной только по ключу.",
    ),
    "too_many_words": (
        "{command} takes no file. Leave out {word}.",
        "Команде {command} файлы не нужны: уберите {word}.",
    ),
    # results
    "interrupted": ("Stopped.", "Остановлено."),
    "saved": ("Saved in {folder}", "Сохранено в {folder}"),
    "not_written": (
        "The answer could not be written to standard output ({reason}). Make room, or send it elsewhere.",
        "Не удалось записать ответ в стандартный вывод ({reason}). Освободите место или направьте его куда-нибудь ещё.",
    ),
    "again": (
        "To run it again without a model: csvagent replay {task_id}",
        "Повторить без модели: csvagent replay {task_id}",
    ),
    "connect": (
        "The built-in engine knows common questions about tables. For any other, connect a model: csvagent doctor "
        "lists them, with what each needs.",
        "Встроенный движок знает частые вопросы о таблицах. Для остальных подключите модель: csvagent doctor покажет, "
        "какие есть и что нужно каждой.",
    ),
    "examples": ("Examples", "Примеры"),
    # doctor
    "doctor_version": ("version", "версия"),
    "doctor_python": ("Python", "Python"),
    "doctor_platform": ("system", "система"),
    "doctor_model": ("model", "модель"),
    "doctor_store": ("sessions", "сессии"),
    "doctor_kernel": ("kernel for the code", "ядро для кода"),
    "doctor_outer": ("outer layer", "внешний слой"),
    "doctor_not_forked": ("kernels start slowly", "ядра запускаются медленно"),
    "doctor_slow": (
        "{reason}. Questions are answered all the same, only each new kernel takes seconds longer to start. Mostly "
        "room or memory is short: {folder} has {room:size} free. Free some, or choose another folder with TMPDIR, and "
        "run `csvagent doctor` again.",
        "{reason}. Ответы будут, но каждое новое ядро запускается на несколько секунд дольше. Чаще всего не хватает "
        "места или памяти: в папке {folder} свободно {room:size}. Освободите место или укажите в TMPDIR другую папку и "
        "снова выполните `csvagent doctor`.",
    ),
    "doctor_after_store": (
        "not known yet: it can be told once sessions work",
        "пока неизвестна: её можно назвать, когда заработают сессии",
    ),
    "doctor_libraries": ("its libraries", "его библиотеки"),
    "doctor_fonts": ("its fonts", "его шрифты"),
    "doctor_families": ("{fonts:family|families}", "{fonts:шрифт|шрифта|шрифтов}"),
    "doctor_open": ("known to be open", "что не закрыто"),
    "doctor_packages": ("packages", "пакеты"),
    "doctor_settings": ("unknown settings", "неизвестные настройки"),
    "doctor_missing": ("not installed", "не установлены"),
    "doctor_models": ("models", "модели"),
    "doctor_network": (
        "on a network file system, so the journal that works there is used",
        "файловая система сетевая, поэтому выбран тип журнала, который на ней работает",
    ),
    "doctor_started": (
        "started in {seconds} s and adds up · {level}",
        "запустилось за {seconds} с и считает верно · {level}",
    ),
    "doctor_failed": (
        "The kernel started, and a first piece of code failed in it: {error}",
        "Ядро запустилось, но первый код в нём не выполнился: {error}",
    ),
    "doctor_healthy": ("Questions can be answered here.", "Здесь всё готово отвечать на вопросы."),
    "doctor_unhealthy": (
        "Questions cannot be answered here until what is marked ✗ is mended.",
        "Пока не исправлено то, что отмечено знаком ✗, отвечать на вопросы здесь не получится.",
    ),
    "model_setting": ("chosen in the settings", "выбрана в настройках"),
    "model_variable": ("chosen in CSVAGENT_MODEL", "выбрана в CSVAGENT_MODEL"),
    "model_key": (
        "found by its key in the environment; choose it with CSVAGENT_MODEL, or another one",
        "найдена по ключу в окружении; закрепить её или выбрать другую можно в CSVAGENT_MODEL",
    ),
    "model_ollama": ("an Ollama runs here", "здесь работает Ollama"),
    "model_nothing": (
        "no key is in the environment and no Ollama answers, so the built-in engine does it",
        "ключей в окружении нет, Ollama не отвечает, поэтому работает встроенный движок",
    ),
}
