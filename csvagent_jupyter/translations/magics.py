"""What the magics say."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    # the first line
    "open_quote": (
        "A quote is opened at {word} and not closed. Put the whole name in quotes.",
        "Кавычка перед {word} не закрыта. Возьмите в кавычки всё имя целиком.",
    ),
    "unknown_option": (
        "There is no option {option}. These can be used: {options}.",
        "Параметра {option} нет. Можно использовать: {options}.",
    ),
    "unknown_option_near": (
        "There is no option {option}. Did you mean {near}?",
        "Параметра {option} нет. Возможно, имелся в виду {near}?",
    ),
    "value_missing": ("The option {option} needs a value after it.", "После параметра {option} нужно значение."),
    "flag_with_value": ("The option {option} takes no value.", "Параметр {option} пишется без значения."),
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
    "not_a_name": (
        "“{name}” cannot be the name of a variable. Choose letters, digits and _ for --as.",
        "«{name}» не может быть именем переменной. Для --as годятся буквы, цифры и _.",
    ),
    "not_together": (
        "{first} and {second} do not go together. Leave one of them out.",
        "{first} и {second} вместе не работают. Уберите один из них.",
    ),
    "no_such_variable": (
        "There is no text or path in a variable called “{name}”. Set it first, or name the file itself.",
        "Переменной «{name}» с текстом или путём нет. Сначала задайте её или назовите сам файл.",
    ),
    "no_question": (
        "There is no question. Write one below the first line, for example: revenue by month as a line.",
        "Вопроса нет. Напишите его под первой строкой, например: выручка по месяцам линией.",
    ),
    "not_asked": ("Stopped before the question was asked.", "Остановлено до того, как вопрос был задан."),
    "no_result": (
        "Task {task_id} ended without a result. Ask again.",
        "Задача {task_id} завершилась без результата. Спросите ещё раз.",
    ),
    # words
    "unknown_word": (
        "“{word}” is not a word of %csvagent. These are: {words}.",
        "У %csvagent нет слова «{word}». Есть такие: {words}.",
    ),
    "unknown_word_near": (
        "“{word}” is not a word of %csvagent. Did you mean {near}?",
        "У %csvagent нет слова «{word}». Возможно, имелось в виду {near}?",
    ),
    "too_many_words": (
        "%csvagent {word} does not take “{extra}”. Use it like this: %csvagent {usage}",
        "%csvagent {word} не принимает «{extra}». Пишите так: %csvagent {usage}",
    ),
    "word_missing": (
        "%csvagent {word} needs one more word. Use it like this: %csvagent {usage}",
        "Для %csvagent {word} нужно ещё одно слово. Пишите так: %csvagent {usage}",
    ),
    "nothing_asked": (
        "Nothing has been asked in this notebook yet. Ask with %%csvagent first, or name a task.",
        "В этом блокноте ещё ничего не спрашивали. Сначала задайте вопрос через %%csvagent или укажите задачу.",
    ),
    "help": (
        "Ask about a file or a DataFrame: put `%%csvagent sales.csv` on the first line of a cell, the question below.",
        "Чтобы спросить о файле или DataFrame, напишите в первой строке ячейки `%%csvagent sales.csv`, ниже — вопрос.",
    ),
    "help_options": (
        "Options of `%%csvagent`: {options}. What `--read` takes, as `delimiter=;` or `FILE:delimiter=;`: {names}",
        "Параметры `%%csvagent`: {options}. Для `--read`, как `delimiter=;` или `ФАЙЛ:delimiter=;`: {names}",
    ),
    "usage_history": ("[SESSION]", "[СЕССИЯ]"),
    "usage_cancel": ("[TASK]", "[ЗАДАЧА]"),
    "usage_replay": ("[TASK or NAME] [SOURCE ...] [options]", "[ЗАДАЧА или ИМЯ] [ИСТОЧНИК ...] [параметры]"),
    "usage_sent": ("[TASK]", "[ЗАДАЧА]"),
    "usage_save": ("NAME or FILE.py", "ИМЯ или ФАЙЛ.py"),
    "usage_put": ("NAME", "ИМЯ"),
    "usage_allow": ("share or process", "share или process"),
    "help_models": ("the models that can be asked, and what each needs", "какие модели доступны и что каждой нужно"),
    "help_sessions": ("your sessions, the last used first", "ваши сессии, последние сверху"),
    "help_history": ("the questions of this session and their answers", "вопросы этой сессии и ответы на них"),
    "help_cancel": ("stop the question that runs, or a task by its name", "остановить текущий вопрос или задачу"),
    "help_reset": (
        "begin a new session: earlier questions are not known to it",
        "начать новую сессию, с чистого листа",
    ),
    "help_replay": (
        "run the code of an answer again, on other files if given, without a model",
        "выполнить код ответа ещё раз, можно на других файлах, без модели",
    ),
    "help_report": ("a session as a document", "сессия как документ"),
    "help_sent": ("what was sent to the model, word for word", "что отправлено модели, слово в слово"),
    "help_save": (
        "keep the last analysis under a name for replay, or write its script into a file",
        "сохранить последний анализ под именем для replay или записать его скрипт в файл",
    ),
    "help_put": ("make a DataFrame a source of this session", "сделать DataFrame источником этой сессии"),
    "help_allow": (
        "agree to more: sharing with a model that was only found by its key, or weaker isolation",
        "разрешить больше: передачу данных модели, найденной по ключу, или более слабую изоляцию",
    ),
    "help_doctor": ("what works here, and what to do about the rest", "что здесь работает и как исправить остальное"),
    "models": (
        "Models, for `--model` or the variable CSVAGENT_MODEL:",
        "Модели для `--model` или переменной CSVAGENT_MODEL:",
    ),
    "sessions": ("Sessions:", "Сессии:"),
    "no_sessions": ("There is no session yet.", "Сессий пока нет."),
    "no_session": (
        "There is no session called {name}. `%csvagent sessions` lists yours.",
        "Сессии с именем {name} нет. Ваши сессии покажет `%csvagent sessions`.",
    ),
    "this_session": ("this notebook's", "этого блокнота"),
    "history": ("Questions of this session:", "Вопросы этой сессии:"),
    "no_history": ("Nothing has been answered in this session yet.", "В этой сессии ответов пока нет."),
    "cancelling": ("Task {task_id} is being stopped.", "Задача {task_id} останавливается."),
    "nothing_runs": ("Nothing runs in this session.", "В этой сессии ничего не выполняется."),
    "reset": (
        "The next question begins a new session.",
        "Следующий вопрос начнёт новую сессию.",
    ),
    "kept": (
        "The analysis is kept as “{name}”. Repeat it on another file: %csvagent replay {name} FILE",
        "Анализ сохранён под именем «{name}». Повторить его на другом файле: %csvagent replay {name} ФАЙЛ",
    ),
    "not_a_frame": (
        "“{name}” is a file, and a file needs no put. Name it after %%csvagent.",
        "«{name}» — это файл, для него put не нужен. Назовите его после %%csvagent.",
    ),
    "saved": (
        "The script is in {path}. It runs on its own: python {path}",
        "Скрипт записан в {path}. Он работает сам по себе: python {path}",
    ),
    "exists": (
        "The file {path} is already there. Choose another name.",
        "Файл {path} уже есть. Выберите другое имя.",
    ),
    "not_written": (
        "{path} could not be written: {reason}. Choose another place.",
        "Не удалось записать {path}: {reason}. Выберите другое место.",
    ),
    "no_script": (
        "The last question has no answer, so there is no script to save.",
        "На последний вопрос ответа нет, поэтому и сохранять нечего.",
    ),
    "put": (
        "{name} is a source of this session now. A question without a file is about it.",
        "{name} теперь источник этой сессии. Вопрос без файла будет о нём.",
    ),
    "no_reports": (
        "Reports are not part of this version. File › Save and Export Notebook As keeps the answers of this notebook.",
        "В этой версии отчётов нет. Ответы этого блокнота сохранит «Файл › Сохранить и экспортировать блокнот как».",
    ),
    "model_now": (
        "Questions go to `{model}` unless `--model` names another.",
        "Вопросы получает `{model}`, если в `--model` не названа другая.",
    ),
}
