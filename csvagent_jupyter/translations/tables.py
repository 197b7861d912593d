"""What is said about files and tables."""

from __future__ import annotations

from typing import Final

from . import Catalogue

TEXTS: Final[Catalogue] = {
    # --- a source that cannot be read
    "no_such_file": (
        "There is no file “{name}”. Check the name and the folder.",
        "Файла «{name}» нет. Проверьте имя и папку.",
    ),
    "no_such_file_near": (
        "There is no file “{name}”. Did you mean {near}?",
        "Файла «{name}» нет. Возможно, имелся в виду {near}?",
    ),
    "no_such_folder": (
        "There is no file “{name}”, because the folder “{folder}” does not exist. Check the path.",
        "Файла «{name}» нет: папки «{folder}» не существует. Проверьте путь.",
    ),
    "no_such_source": (
        "“{name}” is neither a file nor a DataFrame here. Check the name.",
        "«{name}» — это не файл и не DataFrame. Проверьте имя.",
    ),
    "no_such_source_near": (
        "“{name}” is neither a file nor a DataFrame here. Did you mean {near}?",
        "«{name}» — это не файл и не DataFrame. Возможно, имелось в виду {near}?",
    ),
    "no_match": (
        "No file matches “{name}”. Check the pattern and the folder.",
        "Ни один файл не подходит под шаблон «{name}». Проверьте шаблон и папку.",
    ),
    "too_many_files": (
        "“{name}” matches {files:file|files}; at most {limit:d} can be read at once. Narrow the pattern.",
        "Под шаблон «{name}» подходит {files:файл|файла|файлов}; за один раз можно прочитать не больше {limit:d}. "
        "Сузьте шаблон.",
    ),
    "not_a_dataframe": (
        "The variable “{name}” is not a DataFrame but {type}. Make a DataFrame of it first, or give a file.",
        "Переменная «{name}» — не DataFrame, а {type}. Сначала сделайте из неё DataFrame или укажите файл.",
    ),
    "no_sources": (
        "No file is given. Name a file or a DataFrame.",
        "Файл не указан. Назовите файл или DataFrame.",
    ),
    "empty_file": ("“{name}” is empty. There is nothing to read.", "Файл «{name}» пуст: читать нечего."),
    "folder": (
        "“{name}” is a folder without CSV files. Give a file.",
        "«{name}» — это папка, и CSV-файлов в ней нет. Укажите файл.",
    ),
    "folder_with_tables": (
        "“{name}” is a folder with {files:CSV file|CSV files}. Give one of them, or all as {path}/*.csv.",
        "«{name}» — это папка, в ней {files:CSV-файл|CSV-файла|CSV-файлов}. Укажите один из них или все сразу: "
        "{path}/*.csv.",
    ),
    "not_a_file": (
        "“{name}” is a device or a pipe, not a file. Save its content to a file and give that.",
        "«{name}» — это устройство или канал, а не файл. Сохраните содержимое в файл и укажите его.",
    ),
    "not_permitted": (
        "“{name}” may not be read: permission is missing. Ask its owner, or copy it to a folder of yours.",
        "Нет прав на чтение «{name}». Попросите доступ у владельца или скопируйте файл в свою папку.",
    ),
    "cannot_open": (
        "“{name}” cannot be opened: {reason}. Check the path and the disk.",
        "Не удалось открыть «{name}»: {reason}. Проверьте путь и диск.",
    ),
    "too_large": (
        "“{name}” is larger than the {megabytes:d} MB of text that fit into memory here. Give a part of it.",
        "«{name}» больше {megabytes:d} МБ текста, которые помещаются здесь в память. Укажите часть файла.",
    ),
    "damaged_archive": (
        "“{name}” cannot be unpacked: it is damaged, cut off or has a password. Unpack it yourself and give the CSV.",
        "«{name}» не распаковывается: архив повреждён, обрезан или с паролем. Распакуйте его и укажите CSV.",
    ),
    "binary_picture": ("“{name}” is a picture, not a table.", "«{name}» — это изображение, а не таблица."),
    "binary_pdf": (
        "“{name}” is a PDF. Export its table as CSV and give that.",
        "«{name}» — это PDF. Выгрузите таблицу в CSV и укажите её.",
    ),
    "binary_excel": (
        "“{name}” is an Excel workbook. Save the sheet as CSV, or read it with pandas.read_excel and give the "
        "DataFrame.",
        "«{name}» — это книга Excel. Сохраните лист как CSV или прочитайте его через pandas.read_excel и укажите "
        "DataFrame.",
    ),
    "binary_word": (
        "“{name}” is a Word document. Copy its table into a CSV file.",
        "«{name}» — это документ Word. Перенесите таблицу в файл CSV.",
    ),
    "binary_slides": (
        "“{name}” is a PowerPoint file. Copy its table into a CSV file.",
        "«{name}» — это презентация PowerPoint. Перенесите таблицу в файл CSV.",
    ),
    "binary_office": (
        "“{name}” is an office document. Save its table as CSV.",
        "«{name}» — это офисный документ. Сохраните таблицу как CSV.",
    ),
    "binary_parquet": (
        "“{name}” is a Parquet file. Read it with pandas.read_parquet and give the DataFrame.",
        "«{name}» — это файл Parquet. Прочитайте его через pandas.read_parquet и укажите DataFrame.",
    ),
    "binary_feather": (
        "“{name}” is a Feather file of the old version. Read it with pandas.read_feather and give the DataFrame.",
        "«{name}» — это файл Feather старой версии. Прочитайте его через pandas.read_feather и укажите DataFrame.",
    ),
    "binary_orc": (
        "“{name}” is an ORC file. Read it with pandas.read_orc and give the DataFrame.",
        "«{name}» — это файл ORC. Прочитайте его через pandas.read_orc и укажите DataFrame.",
    ),
    "binary_avro": (
        "“{name}” is an Avro file. Convert it to CSV first.",
        "«{name}» — это файл Avro. Сначала преобразуйте его в CSV.",
    ),
    "binary_sqlite": (
        "“{name}” is an SQLite database. Read a table with pandas.read_sql and give the DataFrame.",
        "«{name}» — это база SQLite. Прочитайте таблицу через pandas.read_sql и укажите DataFrame.",
    ),
    "binary_hdf": (
        "“{name}” is an HDF5 file. Read it with pandas.read_hdf and give the DataFrame.",
        "«{name}» — это файл HDF5. Прочитайте его через pandas.read_hdf и укажите DataFrame.",
    ),
    "binary_numpy": (
        "“{name}” is a NumPy array. Load it, make a DataFrame of it and give that.",
        "«{name}» — это массив NumPy. Загрузите его, сделайте из него DataFrame и укажите его.",
    ),
    "binary_pickle": (
        "“{name}” is a pickle, which can run code when opened, so it is not read. Give the data as CSV.",
        "«{name}» — это pickle. При открытии он может выполнить код, поэтому не читается. Дайте данные в CSV.",
    ),
    "binary_program": ("“{name}” is a program, not a table.", "«{name}» — это программа, а не таблица."),
    "binary_archive": (
        "“{name}” is an archive of a kind that is not read here. Unpack it and give the CSV.",
        "«{name}» — это архив, который здесь не читается. Распакуйте его и укажите CSV.",
    ),
    "binary_empty_archive": ("“{name}” is an empty archive.", "Архив «{name}» пуст."),
    "binary_unknown": (
        "“{name}” is not a text file, so it holds no table that can be read. Save the data as CSV.",
        "«{name}» — не текстовый файл, таблицы в нём прочитать нельзя. Сохраните данные в CSV.",
    ),
    "web_page": (
        "“{name}” is a web page, not a CSV. It may have been saved instead of the file: download the data itself.",
        "«{name}» — это веб-страница, а не CSV. Возможно, сохранилась она вместо файла: скачайте сами данные.",
    ),
    "json": (
        "“{name}” is JSON, not a CSV. Read it with pandas.read_json and give the DataFrame.",
        "«{name}» — это JSON, а не CSV. Прочитайте его через pandas.read_json и укажите DataFrame.",
    ),
    "xml": (
        "“{name}” is XML, not a CSV. Read it with pandas.read_xml and give the DataFrame.",
        "«{name}» — это XML, а не CSV. Прочитайте его через pandas.read_xml и укажите DataFrame.",
    ),
    "nothing_below": (
        "“{name}” has nothing below the {rows:row|rows} that are passed over. State a smaller skipped_rows.",
        "В «{name}» ничего не остаётся, если пропустить {rows:строку|строки|строк}. Укажите меньшее skipped_rows.",
    ),
    "unknown_encoding": (
        "“{encoding}” is not a known encoding. Usual ones: utf-8, cp1251, cp1252, utf-16.",
        "Кодировка «{encoding}» неизвестна. Обычные: utf-8, cp1251, cp1252, utf-16.",
    ),
    "unknown_option": (
        "“{option}” is not an option of reading. There are: {options}.",
        "Такого параметра чтения нет: «{option}». Есть: {options}.",
    ),
    "not_a_table": (
        "“{name}” could not be read as a table: {reason}. State the delimiter or the quote character.",
        "Не удалось прочитать «{name}» как таблицу: {reason}. Укажите разделитель или символ кавычек.",
    ),
    "damaged_arrow": (
        "“{name}” is a damaged Arrow file. Write it anew.",
        "«{name}» — повреждённый файл Arrow. Запишите его заново.",
    ),
    # --- what a person should know of how it was read
    "note_no_rows": ("The table has a header and no rows.", "В таблице есть заголовок, но нет ни одной строки."),
    "note_no_header": (
        "The first row looks like data, so the columns are named column_1, column_2 and so on.",
        "Первая строка похожа на данные, поэтому столбцы названы column_1, column_2 и так далее.",
    ),
    "note_skipped": (
        "Passed over above the table: {rows:row|rows} (“{text}”).",
        "Над таблицей пропущено: {rows:строка|строки|строк} («{text}»).",
    ),
    "note_encoding_guessed": (
        "The encoding is not stated in the file; {encoding} fits its letters best.",
        "Кодировка в файле не указана; по буквам лучше всего подходит {encoding}.",
    ),
    "note_replaced": (
        "{count:character|characters} could not be read as {encoding} and stand as � (lines {lines}).",
        "В кодировке {encoding} не прочитано: {count:символ|символа|символов}; на их месте стоит � (строки {lines}).",
    ),
    "note_renamed": ("Columns renamed: {names}.", "Переименованы столбцы: {names}."),
    "note_tidied": (
        "Line breaks and extra spaces were taken out of column names: {names}.",
        "Из имён столбцов убраны переносы и лишние пробелы: {names}.",
    ),
    # --- names
    "note_names_cut": (
        "Names of columns were cut to {most:d} characters: {names}.",
        "Имена столбцов сокращены до {most:d} знаков: {names}.",
    ),
    # --- search
    "note_partly_searched": (
        "The table is large: words of a question are looked up in its first {megabytes:d} MB of cells, not in all.",
        "Таблица большая: слова вопроса ищутся в первых {megabytes:d} МБ ячеек, а не во всех.",
    ),
    # --- looking
    "only_marks": (
        "“{name}” holds nothing but “{mark}” on one line, so there is no table in it. Check whether it is the right "
        "file.",
        "В «{name}» только одна строка из знаков «{mark}», таблицы в нём нет. Проверьте, тот ли это файл.",
    ),
    # --- foreign
    "note_nested_as_text": (
        "Cells of {names} hold lists or other things that are no plain values; they were read as text.",
        "В ячейках столбца {names} списки или другие значения, которые не бывают простыми; они прочитаны как текст.",
    ),
    "note_zone_unknown": (
        "The time zone of {names} is not known here, so their times are given in UTC.",
        "Часовой пояс столбца {names} здесь неизвестен, поэтому время дано по UTC.",
    ),
    "note_unnamed": ("no name", "без имени"),
    "note_decimal_comma": (
        "Numbers are written with a decimal comma: {names}.",
        "Числа записаны с десятичной запятой: {names}.",
    ),
    "note_thousands": ("“{mark}” was read as a thousands mark: {names}.", "Знак «{mark}» отделяет тысячи: {names}."),
    "note_ambiguous_number": (
        "“{mark}” in {names} was read as a thousands mark; it could be a decimal sign. If so, state decimal='{mark}'.",
        "Знак «{mark}» прочитан как отделяющий тысячи, но может отделять и дробную часть: {names}. Если так, укажите "
        "decimal='{mark}'.",
    ),
    "note_ambiguous_decimal": (
        "“{mark}” in {names} was read as a decimal sign; it could be a thousands mark. If so, state "
        "thousands='{mark}' and decimal='.'.",
        "Знак «{mark}» прочитан как десятичная запятая, но может отделять и тысячи: {names}. Если так, укажите "
        "thousands='{mark}' и decimal='.'.",
    ),
    "note_ambiguous_date": (
        "Dates in {names} fit day/month as well as month/day; they were read as {order}. If that is "
        "wrong, state dayfirst={other}.",
        "По датам не видно, день/месяц это или месяц/день: {names}. Прочитано как «{order}». Если это неверно, укажите "
        "dayfirst={other}.",
    ),
    "order_day": ("day first", "день, затем месяц"),
    "order_month": ("month first", "месяц, затем день"),
    "note_leading_zeros": (
        "Digits with leading zeros were kept as text: {names}.",
        "Цифры с нулями в начале оставлены текстом: {names}.",
    ),
    "note_long_digits": (
        "Numbers too long for exact arithmetic were kept as text: {names}.",
        "Числа, слишком длинные для точного счёта, оставлены текстом: {names}.",
    ),
    "note_phone": ("Telephone numbers were kept as text: {names}.", "Телефоны оставлены текстом: {names}."),
    "note_marks": (
        "“{mark}” was taken away from the numbers of {names}.",
        "Из чисел убран знак «{mark}»: {names}.",
    ),
    "note_percent": (
        "The percent sign was taken away in {names}: 12 there means 12 %.",
        "Из чисел убран знак процента: {names}. Число 12 там означает 12 %.",
    ),
    "note_missing_words": (
        "These words were read as missing: {words} ({columns}).",
        "Как пропуски прочитаны слова: {words} ({columns}).",
    ),
    "note_kept_words": (
        "{words} in {names} was kept as text, not read as missing. If it is missing, state missing={word}.",
        "{words} в {names} оставлено текстом, а не прочитано как пропуск. Если это пропуск, укажите missing={word}.",
    ),
    "note_member": (
        "Read from the archive: {member}. Not read: {others}.",
        "Из архива прочитан {member}. Не прочитаны: {others}.",
    ),
    # --- a DataFrame of the notebook
    "note_index_kept": (
        "The index of the DataFrame became columns: {names}.",
        "Индекс DataFrame стал столбцами: {names}.",
    ),
    "note_index_dropped": (
        "The row numbers of the DataFrame (its index) were not taken over.",
        "Номера строк DataFrame (индекс) не перенесены.",
    ),
    "note_as_text": (
        "Cells of {names} are kept as text, because they hold different kinds of things.",
        "Сохранены как текст, потому что в ячейках значения разных типов: {names}.",
    ),
    "note_as_number": (
        "Exact decimals in {names} became ordinary numbers.",
        "Точные десятичные числа стали обычными: {names}.",
    ),
    # --- a file that the process which reads it could not read (process, order)
    "reading_slow": (
        "Reading “{name}” took more than {seconds:second|seconds} and was stopped. Give a part of it, or raise "
        "reading_seconds.",
        "Чтение «{name}» длилось больше {seconds:секунды|секунд|секунд} и остановлено. Укажите часть файла или "
        "увеличьте reading_seconds.",
    ),
    "reading_memory": (
        "Reading “{name}” needs more than the {memory:size} of memory that it may take. Give a part of it, or raise "
        "reading_memory.",
        "Для чтения «{name}» мало отведённой памяти ({memory:size}). Укажите часть файла или увеличьте reading_memory.",
    ),
    "reading_killed": (
        "The process that read “{name}” was ended by the system, probably because memory ran out. Close other "
        "programs, or give a part of the file.",
        "Процесс, читавший «{name}», завершён системой: вероятно, кончилась память. Закройте другие программы или "
        "укажите часть файла.",
    ),
    "reading_crashed": (
        "“{name}” could not be read: the process that read it crashed, and nothing else was harmed. Check the file, "
        "or save it anew as CSV in UTF-8.",
        "Прочитать «{name}» не удалось: читавший его процесс аварийно завершился, остальное не пострадало. Проверьте "
        "файл или сохраните его заново как CSV в UTF-8.",
    ),
    "reading_garbled": (
        "What was read from “{name}” makes no sense, so it is not used. Check the file, or save it anew as CSV in "
        "UTF-8.",
        "Результат чтения «{name}» испорчен и не используется. Проверьте файл или сохраните его заново как CSV "
        "в UTF-8.",
    ),
    "reading_too_wide": (
        "What was read from “{name}” is larger than may be written down of one file. Give a part of it.",
        "Прочитанное из «{name}» больше, чем можно записать об одном файле. Укажите часть файла.",
    ),
    "reading_no_room": (
        "There is no room on the disk for what was read from “{name}”. Free some and try again, or give a part of it.",
        "На диске нет места для прочитанного из «{name}». Освободите место и повторите или укажите часть файла.",
    ),
    "note_not_confined": (
        "This file was read without the usual protection, which something on this computer is in the way of: open no "
        "files of strangers until csvagent doctor finds nothing.",
        "Этот файл прочитан без обычной защиты: ей что-то мешает на этом компьютере. Не открывайте чужие файлы, пока "
        "csvagent doctor находит неполадки.",
    ),
    # --- inside.repairs
    "note_row_unquoted": (
        "{rows:row|rows}: a quote that nothing closes was kept as part of the cell (lines {lines}).",
        "{rows:строка|строки|строк}: кавычка без пары оставлена в ячейке (строки файла {lines}).",
    ),
    "note_row_unwrapped": (
        "{rows:row|rows}: the quotes around the whole row were taken away (lines {lines}).",
        "{rows:строка|строки|строк}: убраны кавычки вокруг всей строки (строки файла {lines}).",
    ),
    "note_row_other_delimiter": (
        "{rows:row|rows}: read with another delimiter than the rest of the file (lines {lines}).",
        "{rows:строка|строки|строк}: прочитано с другим разделителем, чем остальной файл (строки файла {lines}).",
    ),
    "note_row_split": (
        "{rows:row|rows}: a missing delimiter was put in where the other rows have it (lines {lines}).",
        "{rows:строка|строки|строк}: недостающий разделитель поставлен там, где он есть в других строках "
        "(строки файла {lines}).",
    ),
    "note_row_merged": (
        "{rows:row|rows}: cells that an unquoted delimiter had cut were joined again (lines {lines}).",
        "{rows:строка|строки|строк}: ячейки, разрезанные разделителем без кавычек, соединены (строки файла {lines}).",
    ),
    "note_row_joined": (
        "{rows:row|rows}: cells that an unquoted line end had cut were joined again (lines {lines}).",
        "{rows:строка|строки|строк}: ячейки, разрезанные переводом строки без кавычек, соединены (строки файла "
        "{lines}).",
    ),
    "note_row_emptied": (
        "{rows:row|rows}: surplus empty cells were left out (lines {lines}).",
        "{rows:строка|строки|строк}: лишние пустые ячейки отброшены (строки файла {lines}).",
    ),
    "note_row_padded": (
        "{rows:row|rows}: fewer cells than columns; the missing ones are empty (lines {lines}).",
        "{rows:строка|строки|строк}: ячеек меньше, чем столбцов; недостающие пусты (строки файла {lines}).",
    ),
    "note_row_extra": (
        "{rows:row|rows}: more cells than columns; they are kept in further columns at the end (lines {lines}).",
        "{rows:строка|строки|строк}: ячеек больше, чем столбцов; лишние сохранены в добавленных столбцах "
        "(строки файла {lines}).",
    ),
    "note_row_truncated": (
        "{rows:row|rows}: the file breaks off in this row; its missing cells are empty (lines {lines}).",
        "{rows:строка|строки|строк}: файл обрывается на этом месте; недостающие ячейки пусты (строки файла {lines}).",
    ),
    "note_row_header_again": (
        "{rows:row|rows}: the header came again in the middle and was left out there (lines {lines}).",
        "{rows:строка|строки|строк}: заголовок повторился в середине и там пропущен (строки файла {lines}).",
    ),
    "note_row_between": (
        "{rows:row|rows}: titles or drawn lines between parts of the table were left out (lines {lines}).",
        "{rows:строка|строки|строк}: названия или черты между частями таблицы пропущены (строки файла {lines}).",
    ),
    "note_row_blank": (
        "{rows:empty row|empty rows} passed over (lines {lines}).",
        "Пропущено: {rows:пустая строка|пустые строки|пустых строк} (строки файла {lines}).",
    ),
    "note_row_comment": (
        "{rows:row|rows} passed over as remarks (lines {lines}).",
        "Пропущено как примечания: {rows:строка|строки|строк} (строки файла {lines}).",
    ),
    "note_row_nul": (
        "{rows:zero character|zero characters} left out (lines {lines}).",
        "Отброшено: {rows:нулевой символ|нулевых символа|нулевых символов} (строки файла {lines}).",
    ),
    "note_row_shifted": (
        "The header has one name fewer than there are columns; the first column is the one without a name.",
        "В заголовке на одно имя меньше, чем столбцов; без имени остался первый.",
    ),
    "note_row_nameless": (
        "{rows:last column|last columns} kept, though neither a name nor a value stands there: the lines end with "
        "delimiters.",
        "{rows:последний столбец|последних столбца|последних столбцов} без имени и значений: строки файла кончаются "
        "разделителями. Ничего не отброшено.",
    ),
    "note_row_halved": (
        "The header has one name fewer than there are columns, and two neighbouring columns look like numbers cut in "
        "half at their decimal comma: the names may stand over the wrong columns. Save the file with another "
        "delimiter, or with such numbers in quotes.",
        "В заголовке на одно имя меньше, чем столбцов, а два соседних столбца похожи на числа, разрезанные по "
        "десятичной запятой: имена могут стоять не над своими столбцами. Сохраните файл с другим разделителем или "
        "возьмите такие числа в кавычки.",
    ),
    "strict_halved": (
        "Line {line:d} of “{name}” has one name fewer than there are columns, and numbers seem to be cut at their "
        "decimal comma; a strict reading does not guess. Save the file with another delimiter, or read without strict.",
        "Файл «{name}», строка {line:d}: на одно имя меньше, чем столбцов, а числа, похоже, разрезаны по десятичной "
        "запятой; строгое чтение не гадает. Сохраните файл с другим разделителем или читайте без strict.",
    ),
    "strict_unquoted": (
        "Line {line:d} of “{name}” has a quote that nothing closes, and a strict reading repairs nothing. "
        "Correct the line, or read without strict.",
        "Файл «{name}», строка {line:d}: кавычка без пары, а строгое чтение ничего не исправляет. Исправьте "
        "строку или читайте без strict.",
    ),
    "strict_unwrapped": (
        "Line {line:d} of “{name}” stands in quotes as a whole, and a strict reading repairs nothing. Correct "
        "the line, or read without strict.",
        "Файл «{name}», строка {line:d}: вся строка в кавычках, а строгое чтение ничего не исправляет. "
        "Исправьте строку или читайте без strict.",
    ),
    "strict_other_delimiter": (
        "Line {line:d} of “{name}” has another delimiter than the rest, and a strict reading repairs nothing. "
        "Correct the line, or read without strict.",
        "Файл «{name}», строка {line:d}: не тот разделитель, что в остальном файле, а строгое чтение ничего не "
        "исправляет. Исправьте строку или читайте без strict.",
    ),
    "strict_split": (
        "Line {line:d} of “{name}” lacks a delimiter, and a strict reading repairs nothing. Correct the line, "
        "or read without strict.",
        "Файл «{name}», строка {line:d}: не хватает разделителя, а строгое чтение ничего не исправляет. "
        "Исправьте строку или читайте без strict.",
    ),
    "strict_merged": (
        "Line {line:d} of “{name}” has a delimiter in a cell without quotes, and a strict reading repairs "
        "nothing. Correct the line, or read without strict.",
        "Файл «{name}», строка {line:d}: разделитель внутри ячейки без кавычек, а строгое чтение ничего не "
        "исправляет. Исправьте строку или читайте без strict.",
    ),
    "strict_joined": (
        "Line {line:d} of “{name}” has a line end in a cell without quotes, and a strict reading repairs "
        "nothing. Correct the line, or read without strict.",
        "Файл «{name}», строка {line:d}: перевод строки внутри ячейки без кавычек, а строгое чтение ничего не "
        "исправляет. Исправьте строку или читайте без strict.",
    ),
    "strict_emptied": (
        "Line {line:d} of “{name}” has surplus empty cells, and a strict reading repairs nothing. Correct the "
        "line, or read without strict.",
        "Файл «{name}», строка {line:d}: лишние пустые ячейки, а строгое чтение ничего не исправляет. Исправьте"
        " строку или читайте без strict.",
    ),
    "strict_padded": (
        "Line {line:d} of “{name}” has fewer cells than there are columns, and a strict reading repairs "
        "nothing. Correct the line, or read without strict.",
        "Файл «{name}», строка {line:d}: ячеек меньше, чем столбцов, а строгое чтение ничего не исправляет. "
        "Исправьте строку или читайте без strict.",
    ),
    "strict_extra": (
        "Line {line:d} of “{name}” has more cells than there are columns, and a strict reading repairs nothing."
        " Correct the line, or read without strict.",
        "Файл «{name}», строка {line:d}: ячеек больше, чем столбцов, а строгое чтение ничего не исправляет. "
        "Исправьте строку или читайте без strict.",
    ),
    "strict_truncated": (
        "Line {line:d} of “{name}” breaks off before its last cell, and a strict reading repairs nothing. "
        "Correct the line, or read without strict.",
        "Файл «{name}», строка {line:d}: строка обрывается до последней ячейки, а строгое чтение ничего не "
        "исправляет. Исправьте строку или читайте без strict.",
    ),
    "strict_nul": (
        "Line {line:d} of “{name}” has zero characters, and a strict reading repairs nothing. Correct the line,"
        " or read without strict.",
        "Файл «{name}», строка {line:d}: нулевые символы, а строгое чтение ничего не исправляет. Исправьте "
        "строку или читайте без strict.",
    ),
    # --- large
    "endless_row": (
        "“{name}” has a row of more than {megabytes:d} MB without a line end. That is no table of text. "
        "Check how the file was made.",
        "В «{name}» есть строка длиннее {megabytes:d} МБ: это не похоже на таблицу. Проверьте, как создан файл.",
    ),
    "copy_no_room": (
        "Reading “{name}” needs about {needed:d} MB on the disk for its columns, and {free:d} MB are free. "
        "Make room or read a part of the file.",
        "Чтобы прочитать «{name}», нужно около {needed:d} МБ на диске для его столбцов, а свободно {free:d} МБ. "
        "Освободите место или прочитайте часть файла.",
    ),
    "kernel_too_small": (
        "The table in “{name}” would take about {needed:d} MB of memory, and the kernel may use {memory:d} MB. "
        "Raise kernel_memory, or use a part of the file.",
        "Таблица из «{name}» заняла бы около {needed:d} МБ памяти, а ядру доступно {memory:d} МБ. "
        "Увеличьте kernel_memory или возьмите часть файла.",
    ),
    # --- value_remarks
    "note_more_columns": (
        "The same holds for {count:more column|more columns}: {names}.",
        "То же относится ещё к {count:столбцу|столбцам|столбцам}: {names}.",
    ),
    "word_row": ("row", "строка"),
    "kinds_integer": ("whole numbers", "целые числа"),
    "kinds_number": ("numbers", "числа"),
    "kinds_boolean": ("truth values", "значения «да» и «нет»"),
    "kinds_date": ("dates", "даты"),
    "kinds_datetime": ("dates with a time", "даты со временем"),
    "kinds_time": ("times", "время"),
    "kinds_text": ("text", "текст"),
    "note_misfits": (
        "{names} stays text: {percent} % of its cells are {kind}, and {count:cell is|cells are} not: {examples}. "
        "To have the others as such and these missing, state types={names}:{type}.",
        "Столбец «{names}» оставлен текстом: {percent} % ячеек — {kind}, а {count:ячейка|ячейки|ячеек} — нет: "
        "{examples}. Чтобы прочитать остальные по типу, а эти считать пропусками, укажите types={names}:{type}.",
    ),
    "note_unfit": (
        "{names} was stated to hold {kind}; what does not fit is missing: {count:cell|cells}.",
        "Для столбца «{names}» указано: {kind}; не подходит и считается пропуском: {count:ячейка|ячейки|ячеек}.",
    ),
    "note_ambiguous_point": (
        "“{mark}” in {names} was read as a decimal point; it could be a thousands mark. If so, state "
        "thousands='{mark}' and decimal=','.",
        "Знак «{mark}» прочитан как десятичная точка, но может отделять и тысячи: {names}. Если так, укажите "
        "thousands='{mark}' и decimal=','.",
    ),
    "note_versions": (
        "Numbers with a point in {names} were kept as text, because 1.10 and 1.1 are two versions. If they are "
        "quantities, state the type number.",
        "Числа с точкой в {names} оставлены текстом: 1.10 и 1.1 — разные версии. Если это величины, укажите тип "
        "number.",
    ),
    "note_order_overruled": (
        "dayfirst={stated} was stated, but the dates in {names} can only be read as {order}.",
        "Указано dayfirst={stated}, но даты в {names} можно прочитать только как {order}.",
    ),
    "note_birth_years": (
        "Years in {names} have two digits: 69 to 99 were read as 1969 to 1999, 00 to 68 as 2000 to 2068. Who was born "
        "before 1969 has a date in this century now.",
        "Годы в {names} из двух цифр: 69–99 прочитаны как 1969–1999, 00–68 как 2000–2068. Кто родился до 1969 года, "
        "оказался в этом веке.",
    ),
    "note_ambiguous_grouped": (
        "“{mark}” in {names} was read as a thousands mark; it could be a decimal point. If so, state the type number "
        "for it.",
        "«{mark}» в {names} прочитана как знак тысяч, но может быть и десятичной точкой. Тогда укажите тип number.",
    ),
    "note_number_because": (
        "“{cell}” in {names} was read as {reading}, because the numbers in {column} leave no doubt.",
        "«{cell}» в столбце «{names}» прочитано как {reading}: так однозначно записаны числа в столбце «{column}».",
    ),
    "reading_thousand": ("a thousand", "число с разделителем тысяч"),
    "reading_decimal": ("a decimal", "дробное число"),
    "note_scales": (
        "{marks} after the numbers of {names} were read as thousands, millions and so on.",
        "Обозначения {marks} после чисел в столбце «{names}» прочитаны как тысячи, миллионы и так далее.",
    ),
    "note_negative": (
        "Numbers in parentheses or with a minus after them were read as negative: {names}.",
        "Числа в скобках или с минусом в конце прочитаны как отрицательные: {names}.",
    ),
    "note_rounded": (
        "Numbers in {names} have more than 17 digits; as numbers they keep about 16 of them. To keep all, state the "
        "type text.",
        "Есть числа длиннее 17 цифр, точны из них около 16: {names}. Чтобы сохранить все цифры, укажите тип text.",
    ),
    "note_sentinel": (
        "{word} stands {count:time|times} in {names} and may mean missing; it was kept as a number. If it is missing, "
        "state missing={word}.",
        "Значение {word} в столбце «{names}» встречается {count:раз|раза|раз} и может означать пропуск; оно оставлено "
        "числом. Если это пропуск, укажите missing={word}.",
    ),
    "note_date_because": (
        "“{cell}” in {names}: read as {order}, because “{because}” occurs.",
        "«{cell}» в столбце «{names}» прочитано как «{order}», потому что там встречается «{because}».",
    ),
    "note_date_because_column": (
        "“{cell}” in {names}: read as {order}, as in {column}.",
        "«{cell}» в столбце «{names}» прочитано как «{order}», так же как в столбце «{column}».",
    ),
    "note_date_formats": (
        "Dates in {names} are written in {count:way|ways}: {formats}.",
        "Даты в столбце «{names}» записаны {count:способом|способами|способами}: {formats}.",
    ),
    "note_utc": (
        "Times in {names} say their zone; they were turned into UTC.",
        "Время указано с часовым поясом и приведено к UTC: {names}.",
    ),
    "note_truth": (
        "{names} holds truth values: {true} is true, {false} is false.",
        "В столбце «{names}» логические значения: {true} — истина, {false} — ложь.",
    ),
    # --- options
    "note_options_unused": (
        "The file says itself how it is to be read, so what was stated of it is not used: {options}.",
        "Файл сам говорит, как его читать, поэтому указанное не использовано: {options}.",
    ),
    "no_such_column": (
        "There is no column “{column}” in “{name}”, for which a type is stated. State it for one of these: {columns}.",
        "В «{name}» нет столбца «{column}», для которого указан тип. Укажите его для одного из этих: {columns}.",
    ),
    # --- looking
    "header_too_long": (
        "The header is stated to take {rows:row|rows}, and “{name}” has fewer. State a smaller header_rows.",
        "Заголовку отведено {rows:строка|строки|строк}, а в «{name}» их меньше. Укажите меньшее header_rows.",
    ),
    # --- repairs
    "strict_header_again": (
        "On line {line:d} of “{name}” the header comes again, and a strict reading leaves nothing out. Take the line "
        "out, or read without strict.",
        "Файл «{name}», строка {line:d}: повторяется заголовок, а строгое чтение ничего не пропускает. Удалите строку "
        "или читайте без strict.",
    ),
    "strict_between": (
        "Line {line:d} of “{name}” is a remark between two parts of the table, and a strict reading leaves nothing "
        "out. Take the line out, or read without strict.",
        "Файл «{name}», строка {line:d}: примечание между частями таблицы, а строгое чтение ничего не пропускает. "
        "Удалите строку или читайте без strict.",
    ),
    "strict_comment": (
        "Line {line:d} of “{name}” begins like a remark, and a strict reading leaves nothing out. State the mark of "
        "remarks as comment, or read without strict.",
        "Файл «{name}», строка {line:d}: начинается как примечание, а строгое чтение ничего не пропускает. Укажите "
        "знак примечаний в comment или читайте без strict.",
    ),
    "strict_tables": (
        "“{name}” holds {tables:table|tables}, and a strict reading leaves none out unsaid. State the number of the "
        "one to read as table, or read without strict.",
        "В «{name}» {tables:таблица|таблицы|таблиц}, а строгое чтение ничего не пропускает само. Укажите номер нужной "
        "в table или читайте без strict.",
    ),
    "strict_above": (
        "The table in “{name}” begins below {rows:other line|other lines}, and a strict reading leaves nothing out "
        "unsaid. State skipped_rows={rows:d}, or read without strict.",
        "Таблица в «{name}» начинается не сразу: над ней {rows:строка|строки|строк}, а строгое чтение ничего не "
        "пропускает само. Укажите skipped_rows={rows:d} или читайте без strict.",
    ),
    "strict_totals": (
        "Line {line:d} of “{name}” holds the totals of the rows above, and a strict reading leaves nothing out "
        "unsaid. State footer_rows={rows:d}, or footer_rows=0 to keep it, or read without strict.",
        "Файл «{name}», строка {line:d}: итоги по строкам выше, а строгое чтение ничего не пропускает само. Укажите "
        "footer_rows={rows:d}, или footer_rows=0, чтобы оставить её, или читайте без strict.",
    ),
    "strict_below": (
        "Below the table in “{name}” {rows:line is|lines are} no rows of it, and a strict reading leaves nothing out "
        "unsaid. State footer_rows={rows:d}, or footer_rows=0 to keep them, or read without strict.",
        "Под таблицей в «{name}» {rows:строка|строки|строк} не из неё, а строгое чтение ничего не пропускает само. "
        "Укажите footer_rows={rows:d}, или footer_rows=0, чтобы оставить их, или читайте без strict.",
    ),
    # --- remarks
    "note_two_encodings": (
        "{count:line is|lines are} in {other} and not in {encoding} as the others; all were read (lines {lines}).",
        "{count:строка|строки|строк} в кодировке {other}, а не {encoding}, как остальные; прочитаны все "
        "(строки {lines}).",
    ),
    "note_marks_inside": (
        "Byte order marks inside the file, where files were joined, were left out: {count:mark|marks} (lines {lines}).",
        "Внутри файла, где склеены части, пропущено: {count:метка|метки|меток} порядка байтов (строки {lines}).",
    ),
    "note_encoded_twice": (
        "{count:word|words} seem to have been encoded twice by way of {encoding}: “{seems}” should probably be "
        "“{meant}”. They were left as they are.",
        "Похоже, дважды перекодировано через {encoding}: {count:слово|слова|слов}; «{seems}», вероятно, было "
        "«{meant}». Оставлено как есть.",
    ),
    "note_footer": (
        "Passed over below the table: {rows:line|lines} (“{text}”).",
        "Под таблицей пропущено: {rows:строка|строки|строк} («{text}»).",
    ),
    "note_totals": (
        "Line {line:d} holds the totals of the rows above and was left out. To keep it, state footer_rows=0.",
        "В строке {line:d} итоги по строкам выше; она пропущена. Чтобы оставить её, укажите footer_rows=0.",
    ),
    "note_totals_among": (
        "{rows:row|rows} of totals among the others, kept (lines {lines}): a sum of the column counts them twice. Ask "
        "for it without the rows of totals, or take them out of the file.",
        "{rows:строка|строки|строк} итогов среди остальных, не отброшено (строки файла {lines}): сумма по столбцу "
        "учтёт их дважды. Попросите считать без строк итогов или уберите их из файла.",
    ),
    "note_tables": (
        "The file holds {tables:table|tables}; number {table:d} was read. The others are on lines {others}. To read "
        "one of them, state its number as table.",
        "В файле {tables:таблица|таблицы|таблиц}; прочитана {table:d}-я. Остальные — в строках {others}. Чтобы "
        "прочитать другую, укажите её номер в table.",
    ),
    "strict_bytes": (
        "Line {line:d} of “{name}” has bytes that are not of its encoding, and a strict reading replaces nothing. "
        "State the encoding, or read without strict.",
        "Файл «{name}», строка {line:d}: байты не в кодировке файла, а строгое чтение ничего не заменяет. Укажите "
        "кодировку или читайте без strict.",
    ),
    "strict_unfit": (
        "{cells:cell|cells} of “{column}” in “{name}” do not fit the type that is stated, and a strict reading drops "
        "nothing. State another type, or read without strict.",
        "Файл «{name}», столбец «{column}»: указанный тип не подходит для {cells:ячейки|ячеек|ячеек}, а строгое чтение "
        "ничего не отбрасывает. Укажите другой тип или читайте без strict.",
    ),
    # looking.py
    "too_many_columns": (
        "“{name}” has {columns:column|columns}, and no more than {most:d} are read. State the delimiter if it is "
        "another one, swap rows and columns, or give a part of it.",
        "В «{name}» {columns:столбец|столбца|столбцов}, а читается не больше {most:d}. Укажите разделитель, если он "
        "другой, поменяйте строки и столбцы местами или укажите часть файла.",
    ),
    # sampling
    "note_glance": (
        "Only a sample was looked at: {sampled:row|rows} from the whole length of the file. That it has "
        "{rows:row|rows} is an estimate, and types, gaps, values and ranges are those of the sample. Rows to be "
        "repaired and cells that do not fit were not looked for in the rest. Read it without a glance to know them.",
        "Просмотрена только выборка: {sampled:строка|строки|строк} по всей длине файла. Число строк ({rows:строка|"
        "строки|строк}) — оценка; типы, пропуски, значения и границы взяты из выборки. Неровные строки и неподходящие "
        "ячейки в остальном файле не искали. Чтобы узнать всё, прочитайте файл без glance.",
    ),
    "note_glance_packed": (
        "Only a sample was looked at: {sampled:row|rows} from the first megabytes of the packed file. How many rows it "
        "has is not known, and types, gaps, values and ranges are those of the sample. Rows to be repaired and cells "
        "that do not fit were not looked for in the rest. Read it without a glance to know them.",
        "Просмотрена только выборка: {sampled:строка|строки|строк} из первых мегабайтов сжатого файла. Сколько в нём "
        "строк, неизвестно; типы, пропуски, значения и границы взяты из выборки. Неровные строки и неподходящие ячейки "
        "в остальном файле не искали. Чтобы узнать всё, прочитайте файл без glance.",
    ),
}
