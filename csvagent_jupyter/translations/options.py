"""What can be stated of how a file is read: what each option says, and which values it can have."""

from __future__ import annotations

from typing import Final

from . import Catalogue

_POSSIBLE: Final[Catalogue] = {
    "encoding": ("It is a name such as utf-8 or windows-1251.", "Это название, например utf-8 или windows-1251."),
    "mark": (
        "It is one character or several, {longest} at the most, without a line end.",
        "Это один или несколько символов, не больше {longest}, без конца строки.",
    ),
    "mark_or_none": (
        "It is one character or several, {longest} at the most, or nothing.",
        "Это один или несколько символов, не больше {longest}, или ничего.",
    ),
    "character": (
        "It is one character, neither a letter nor a digit.",
        "Это один символ, не буква и не цифра.",
    ),
    "character_or_none": (
        "It is one character, neither a letter nor a digit, or nothing.",
        "Это один символ, не буква и не цифра, или ничего.",
    ),
    "count": ("It is a whole number from {least} to {most}.", "Это целое число от {least} до {most}."),
    "flag": ("It is yes or no (true or false).", "Это да или нет (true или false)."),
    "words": ("It is a list of words.", "Это список слов."),
    "types": (
        "It names a type for each column: {types}.",
        "Для каждого столбца называется тип: {types}.",
    ),
}

TEXTS: Final[Catalogue] = {
    # --- the options
    "encoding": ("How letters are stored in the file.", "Как в файле записаны буквы."),
    "delimiter": ("What stands between two cells.", "Что стоит между ячейками."),
    "quotechar": ("What surrounds cells with a delimiter in them.", "Чем окружены ячейки, где есть разделитель."),
    "escapechar": (
        "What stands before a quote or a delimiter that is part of a cell.",
        "Что стоит перед кавычкой или разделителем внутри ячейки.",
    ),
    "comment": ("What a line begins with that is a remark, not a row.", "С чего начинаются строки-примечания."),
    "header_rows": (
        "How many rows the names of the columns take; 0: there are none.",
        "Сколько строк занимают названия столбцов; 0: их нет.",
    ),
    "skipped_rows": (
        "How many lines stand above the table and do not belong to it.",
        "Сколько строк над таблицей к ней не относятся.",
    ),
    "footer_rows": (
        "How many rows at the end do not belong to the table.",
        "Сколько строк в конце к таблице не относятся.",
    ),
    "decimal": ("What stands before the fraction of a number.", "Что отделяет дробную часть числа."),
    "thousands": ("What parts the thousands of a number.", "Что отделяет тысячи в числе."),
    "dayfirst": (
        "Whether 01/02/2024 is the first of February, and not January 2.",
        "Значит ли 01/02/2024 первое февраля, а не 2 января.",
    ),
    "missing": (
        "Which words stand for a missing value besides the usual ones.",
        "Какие слова означают пропуск кроме обычных.",
    ),
    "types": (
        "What columns hold, whatever they look like. A column of type text keeps words like NA.",
        "Что в столбцах, как бы они ни выглядели. В столбце типа text слова вроде NA остаются.",
    ),
    "table": ("Which of several tables in the file is read.", "Какая из нескольких таблиц в файле читается."),
    "strict": (
        "Whether a row that does not fit is refused, not repaired.",
        "Отказываться ли от файла со сбойной строкой, а не исправлять её.",
    ),
    "as_text": (
        "Whether every cell stays the text that it is in the file.",
        "Оставлять ли каждую ячейку текстом, как она стоит в файле.",
    ),
    "same": (
        "The options {first} and {second} cannot both be {value}. State one of them differently.",
        "Параметры {first} и {second} не могут быть одинаковы: {value}. Укажите один из них иначе.",
    ),
    # --- said in words
    "no_value": (
        "The option {option} needs a value: {option}=….",
        "Параметру {option} нужно значение: {option}=….",
    ),
    "no_such_file": (
        "Options are given for “{name}”, but the question is about: {files}. Name one of these.",
        "Параметры указаны для «{name}», а вопрос не о нём, а о: {files}. Назовите один из этих файлов.",
    ),
    "dataframe": (
        "{name} is a DataFrame, which is read as it is. Leave out {options} for it.",
        "{name} — это DataFrame, он берётся как есть. Уберите для него {options}.",
    ),
    "only_dataframes": (
        "A DataFrame is read as it is. Leave out {options}.",
        "DataFrame берётся как есть. Уберите {options}.",
    ),
    # --- which values are possible
    **{f"form_{form}": texts for form, texts in _POSSIBLE.items()},
    **{
        f"not_{form}": (
            f"The option {{option}} cannot be {{value}}. {english}",
            f"Параметр {{option}} не может быть {{value}}. {russian}",
        )
        for form, (english, russian) in _POSSIBLE.items()
    },
}  # fmt: skip
