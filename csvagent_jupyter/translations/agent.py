"""What a run says: where it stands, why it ends, what the reader should know of its answer."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    # Where a run stands.
    "reading": ("Reading {names}…", "Чтение: {names}…"),
    "reading_far": ("Reading {name}: {percent} %…", "Чтение {name}: {percent} %…"),
    "profiling": ("Looking at the columns…", "Изучение столбцов…"),
    "profiled": (
        "Read {name}: {rows:row|rows}, {columns:column|columns}",
        "Прочитан {name}: {rows:строка|строки|строк}, {columns:столбец|столбца|столбцов}",
    ),
    "profiled_many": ("Read {tables:table|tables}", "Прочитано: {tables:таблица|таблицы|таблиц}"),
    "generating": (
        "Attempt {attempt}/{max_attempts}: generating code…",
        "Попытка {attempt}/{max_attempts}: Генерация кода…",
    ),
    "executing": (
        "Attempt {attempt}/{max_attempts}: running the code…",
        "Попытка {attempt}/{max_attempts}: Выполнение кода…",
    ),
    "checking": (
        "Attempt {attempt}/{max_attempts}: checking the answer…",
        "Попытка {attempt}/{max_attempts}: Проверка ответа…",
    ),
    "repairing": (
        "Attempt {attempt}/{max_attempts} did not work: {error}",
        "Попытка {attempt}/{max_attempts} не удалась: {error}",
    ),
    "replaying": ("Running the saved code…", "Выполнение сохранённого кода…"),
    "replay_checking": ("Checking the answer…", "Проверка ответа…"),
    "done": ("Done", "Готово"),
    # Why there is no answer.
    "empty_question": (
        "The question is empty. Write what you want to know about the file.",
        "Вопрос пуст. Напишите, что вы хотите узнать о файле.",
    ),
    "long_question": (
        "The question has {characters:character|characters}; at most {most} are taken. Put the data into a "
        "file and ask about it.",
        "В вопросе {characters:символ|символа|символов}, а принимается не больше {most}. Поместите данные в "
        "файл и задайте вопрос о нём.",
    ),
    "no_source": (
        "There is nothing to ask about. Name a file or a DataFrame.",
        "Не указано, о чём вопрос. Назовите файл или DataFrame.",
    ),
    "failed": (
        "No attempt worked ({attempts:attempt|attempts}). The last error: {error}. Put the question in other "
        "words, name the columns, or choose another model.",
        "Ни одна попытка не удалась ({attempts:попытка|попытки|попыток}). Последняя ошибка: {error}. "
        "Сформулируйте вопрос иначе, назовите столбцы или выберите другую модель.",
    ),
    "failed_twice": (
        "The model wrote the same failing code twice: {error}. Put the question in other words, name the "
        "columns, or choose another model.",
        "Модель дважды написала один и тот же нерабочий код: {error}. Сформулируйте вопрос иначе, назовите "
        "столбцы или выберите другую модель.",
    ),
    "failed_no_code": (
        "The model answered twice without usable code. Put the question in other words, or choose another model.",
        "Модель дважды ответила без пригодного кода. Сформулируйте вопрос иначе или выберите другую модель.",
    ),
    "timeout_run": (
        "The time was up after {seconds:second|seconds}. Ask for less at once, or allow more time "
        "(c.CSVAgentManager.timeout).",
        "Время вышло ({seconds:секунда|секунды|секунд}). Упростите вопрос или увеличьте время "
        "(c.CSVAgentManager.timeout).",
    ),
    "timeout_model": (
        "The model had not finished after {seconds:second|seconds}. Allow more time, or choose a faster model.",
        "Модель не успела ответить за {seconds:секунду|секунды|секунд}. Увеличьте время или выберите модель побыстрее.",
    ),
    "budget_tokens": (
        "The budget of {tokens:token|tokens} does not suffice for another request. Raise it, or ask for less.",
        "Бюджета ({tokens:токен|токена|токенов}) не хватает на следующий запрос. Увеличьте его или упростите вопрос.",
    ),
    "budget_cost": (
        "The budget of {cost} US dollars does not suffice for another request. Raise it, or choose a cheaper model.",
        "Бюджета ({cost} долл. США) не хватает на следующий запрос. Увеличьте его или выберите модель подешевле.",
    ),
    "no_price": (
        "The price of {model} is not known, so a budget in money cannot be kept. Set a budget in tokens, or "
        "choose another model.",
        "Цена {model} неизвестна, поэтому денежный бюджет соблюсти нельзя. Задайте бюджет в токенах или "
        "выберите другую модель.",
    ),
    "cancelled": ("Stopped after {seconds} s.", "Остановлено через {seconds} с."),
    "no_model": (
        "No model was given for this question. Choose one.",
        "Для этого вопроса не выбрана модель. Выберите её.",
    ),
    "no_room": (
        "The disk with {folder}, where the code works, is full. Free some space there, or choose another folder with "
        "TMPDIR and start anew.",
        "Диск с папкой {folder}, где работает код, заполнен. Освободите там место или укажите в TMPDIR другую папку и "
        "запустите программу заново.",
    ),
    # What was wrong with an attempt.
    "no_processes": (
        "The code may not start other processes: where it runs there are none. Ask for a way that does without.",
        "Коду нельзя запускать другие процессы: там, где он выполняется, их не бывает. Попросите обойтись без них.",
    ),
    "at_line": ("{error} (line {line})", "{error} (строка {line:d})"),
    "no_code": ("the reply has no code", "в ответе модели нет кода"),
    "advice_network": (
        "there is no network where the code runs, and {name} needs one",
        "там, где выполняется код, нет сети, а {name} без неё не работает",
    ),
    "advice_network_next": (
        "Put the data into a file and name it before the question.",
        "Сохраните данные в файл и назовите его перед вопросом.",
    ),
    "advice_processes": (
        "there are no other processes where the code runs, and {name} needs them",
        "там, где выполняется код, нет других процессов, а {name} без них не работает",
    ),
    "advice_processes_next": ("Ask for a way that does without.", "Попросите обойтись без них."),
    "advice_module": (
        "there is no library '{name}' where the code runs",
        "там, где выполняется код, нет библиотеки '{name}'",
    ),
    "advice_module_next": (
        "Ask for a way without it, or install it in the environment that csvagent-jupyter runs in.",
        "Попросите обойтись без неё или установите её в то окружение, где работает csvagent-jupyter.",
    ),
    "advice_input": (
        "nobody can answer input() while the code runs",
        "во время выполнения кода некому ответить на input()",
    ),
    "advice_input_next": ("Put what it asks for into the question.", "Укажите нужное значение в самом вопросе."),
    "advice_file": (
        "the file is not there where the code runs, and the data is already in df and tables",
        "там, где выполняется код, этого файла нет, а данные уже лежат в df и tables",
    ),
    "advice_file_next": (
        "If another file is needed, name it before the question too.",
        "Если нужен другой файл, тоже назовите его перед вопросом.",
    ),
    "advice_column": ("df has no column {name}", "в df нет столбца {name}"),
    "advice_column_near": ("df has no column {name}; near: {near}", "в df нет столбца {name}; похожи: {near}"),
    "process_died": (
        "the process that ran the code ended, perhaps because memory ran out: it may take {limit:size} ({setting}), "
        "and the machine may have less",
        "процесс, выполнявший код, завершился — возможно, не хватило памяти: ему можно занять {limit:size} "
        "({setting}), а на машине может быть меньше",
    ),
    "process_crashed": (
        "a library crashed while it ran the code ({signal}), and the process ended with it",
        "во время выполнения кода произошёл сбой внутри библиотеки ({signal}), и процесс завершился",
    ),
    "process_ended": (
        "the code ended its own process before there was an answer, or it was ended from outside",
        "код завершил собственный процесс раньше, чем появился ответ, или процесс завершили извне",
    ),
    "no_code_cut": (
        "the reply was cut at its bound on tokens before there was any code; c.CSVAgentManager.max_tokens raises it",
        "ответ модели обрезан по числу токенов раньше, чем появился код; предел задаёт c.CSVAgentManager.max_tokens",
    ),
    "unfinished": ("Stopped while it was written", "Остановлено во время написания"),
    "unfinished_run": ("Stopped while it ran", "Остановлено во время выполнения"),
    # What the checks found.
    "check_nothing": (
        "The code ran and gave nothing: no text, value, table, figure or file.",
        "Код выполнен, но ничего не дал: ни текста, ни значения, ни таблицы, ни графика, ни файла.",
    ),
    "check_empty": (
        "The result is empty: nothing fits the conditions.",
        "Результат пуст: условиям ничего не соответствует.",
    ),
    "check_missing": ("The result has only missing values.", "В результате только пропуски."),
    "check_no_ink": ("Figure {figure} is blank.", "График {figure} пуст."),
    "check_no_data": ("Figure {figure} shows no data.", "На графике {figure} нет данных."),
    "check_join": (
        "A join made {after:row|rows} out of {before}: keys repeat on both sides, so sums count rows several times.",
        "При соединении таблиц строк стало больше: было {before}, теперь {after}. Ключи повторяются с обеих "
        "сторон, и суммы учитывают строки по нескольку раз.",
    ),
    "check_total": (
        "The total {total} in “{column}” differs from the sum of the rows shown, {parts}.",
        "Итог {total} в столбце «{column}» не равен сумме показанных строк: {parts}.",
    ),
    "check_chart": (
        "The chart “{title}” differs from the table beside it: at “{label}” it has {drawn}, the table has {shown}.",
        "График «{title}» расходится с таблицей рядом: для «{label}» на нём {drawn}, а в таблице {shown}.",
    ),
    "loss_missing": (
        "{rows:row|rows} without a value in “{column}” did not enter this result.",
        "В результате нет {rows:строки|строк|строк} с пропуском в столбце «{column}».",
    ),
    "loss_any": (
        "{rows:row|rows} with missing values did not enter this result.",
        "В результате нет {rows:строки|строк|строк} с пропусками.",
    ),
    "loss_date": (
        "{rows:value|values} of “{column}” could not be read as a date.",
        "{rows:значение|значения|значений} столбца «{column}» не удалось прочитать как дату.",
    ),
    "loss_number": (
        "{rows:value|values} of “{column}” could not be read as a number.",
        "{rows:значение|значения|значений} столбца «{column}» не удалось прочитать как число.",
    ),
    "loss_date_any": (
        "{rows:value|values} could not be read as a date.",
        "{rows:значение|значения|значений} не удалось прочитать как дату.",
    ),
    "loss_number_any": (
        "{rows:value|values} could not be read as a number.",
        "{rows:значение|значения|значений} не удалось прочитать как число.",
    ),
    "loss_join": (
        "{rows:row|rows} without a match in the other table did not enter this result.",
        "В результате нет {rows:строки|строк|строк} без пары в другой таблице.",
    ),
    # Replay.
    "replay_sources": (
        "The saved analysis reads {wanted:file|files}, and {given} came. Give as many, in the same order.",
        "Сохранённый анализ читает {wanted:файл|файла|файлов}, а передано: {given}. Передайте столько же, в "
        "том же порядке.",
    ),
    "replay_no_column": (
        "{name} has no column “{column}”, which the saved code uses.{near} Add or rename the column.",
        "В {name} нет столбца «{column}», который нужен сохранённому коду.{near} Добавьте или переименуйте столбец.",
    ),
    "replay_near": (" Near: {names}.", " Похожие: {names}."),
    "replay_type": (
        "Column “{column}” of {name} was {before} and is {now}, so the saved code no longer fits. Correct its "
        "values, or ask the question again.",
        "Тип столбца «{column}» в {name} был «{before}», а теперь «{now}»: сохранённый код не подходит. Исправьте "
        "значения или задайте вопрос заново.",
    ),
    "replay_failed": (
        "The saved code does not work with this data: {error}. Ask the question again.",
        "Сохранённый код не работает с этими данными: {error}. Задайте вопрос заново.",
    ),
    "replay_nothing": (
        "There is no saved code to run again. Ask the question anew.",
        "Нет сохранённого кода для повтора. Задайте вопрос заново.",
    ),
    "replay_new_columns": (
        "{name} has columns that were not there before: {columns}.",
        "В {name} есть столбцы, которых раньше не было: {columns}.",
    ),
    "replay_gone_columns": (
        "{name} no longer has these columns, which the saved code does not name: {columns}.",
        "В {name} больше нет столбцов, которые сохранённый код не называет: {columns}.",
    ),
    "replay_other_type": (
        "Column “{column}” of {name} was {before} and is {now}.",
        "Тип столбца «{column}» в {name} был «{before}», а теперь «{now}».",
    ),
    "replay_rows": (
        "{name} has {now:row|rows}; before it had {before}.",
        "В {name} теперь {now:строка|строки|строк}, раньше было {before}.",
    ),
    # The types of columns.
    "type_integer": ("integer", "целое число"),
    "type_number": ("number", "число"),
    "type_boolean": ("yes/no", "да/нет"),
    "type_text": ("text", "текст"),
    "type_category": ("category", "категория"),
    "type_date": ("date", "дата"),
    "type_datetime": ("date and time", "дата и время"),
    "type_time": ("time", "время"),
    "type_duration": ("duration", "длительность"),
    "type_mixed": ("mixed", "разное"),
    "type_empty": ("empty", "пусто"),
    # An answer in words.
    "said_value": ("The result: {value}", "Результат: {value}"),
    "said_list": (
        "The result: {count:value|values}: {values}",
        "Результат: {count:значение|значения|значений}: {values}",
    ),
    "said_table": (
        "The result is a table with {rows:row|rows} and {columns:column|columns}.",
        "Результат — таблица: {rows:строка|строки|строк}, {columns:столбец|столбца|столбцов}.",
    ),
    "said_row": ("The result: {cells}", "Результат: {cells}"),
    "said_plots": ("The result is {plots:figure|figures}.", "Результат — {plots:график|графика|графиков}."),
    "said_chart": ("The result is a figure: {alt}", "Результат — график. {alt}"),
    "said_files": ("The code wrote: {names}.", "Код записал: {names}."),
    # reading_notes
    "reading_notes": ("How {name} was read: {notes}", "Как прочитан {name}: {notes}"),
    "reading_more": (
        "And {notes:more remark|more remarks} in the profile.",
        "И ещё {notes:замечание|замечания|замечаний} в профиле.",
    ),
    # What a plot shows.
    "alt_bar": ("Bar chart", "Столбчатая диаграмма"),
    "alt_stacked bar": ("Stacked bar chart", "Столбчатая диаграмма с накоплением"),
    "alt_line": ("Line chart", "Линейный график"),
    "alt_scatter": ("Scatter plot", "Диаграмма рассеяния"),
    "alt_pie": ("Pie chart", "Круговая диаграмма"),
    "alt_hist": ("Histogram", "Гистограмма"),
    "alt_box": ("Box plot", "Диаграмма размаха"),
    "alt_heatmap": ("Heat map", "Тепловая карта"),
    "alt_area": ("Area chart", "Диаграмма с областями"),
    "alt_other": ("Figure", "График"),
    "alt_titled": ("{kind} “{title}”", "{kind} «{title}»"),
    "alt_axes": ("{y} by {x}", "{y} по «{x}»"),
    "alt_points": ("{points:point|points}", "{points:точка|точки|точек}"),
    "alt_all": ("{label}: {value}", "{label}: {value}"),
    "alt_highest": ("highest {label} ({value})", "наибольшее: {label} ({value})"),
    "alt_lowest": ("lowest {label} ({value})", "наименьшее: {label} ({value})"),
}
