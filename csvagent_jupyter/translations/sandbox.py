"""What the sandbox says."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "not_started": (
        "The separate process for the code did not start. Ask again; if it happens again, run `csvagent doctor`. "
        "Its last words: {detail}",
        "Отдельный процесс для кода не запустился. Повторите вопрос; если это повторится, выполните `csvagent doctor`. "
        "Последнее, что он сообщил: {detail}",
    ),
    "no_folder": (
        "No folder for the code's work could be made: {error}. Free some space in the temporary folder, or choose "
        "another one with TMPDIR.",
        "Не удалось создать рабочую папку для кода: {error}. Освободите место во временной папке или выберите другую "
        "через TMPDIR.",
    ),
    "died": (
        "The process that ran the code ended unexpectedly, perhaps because memory ran out. "
        "Your data and earlier answers are safe; ask again, or about fewer rows.",
        "Процесс, выполнявший код, неожиданно завершился — возможно, не хватило памяти. "
        "Данные и прежние ответы целы; повторите вопрос или возьмите меньше строк.",
    ),
    "stopped": (
        "The process for the code is not running. Ask again: a new one starts by itself.",
        "Процесс для кода не запущен. Повторите вопрос: новый запустится сам.",
    ),
    "flooded": (
        "The code sent more output than is allowed ({limit} MB), so its process was ended. "
        "Ask for a summary or for fewer rows, or raise the limit `traffic`.",
        "Код выдал больше, чем разрешено ({limit} МБ), поэтому его процесс был завершён. "
        "Попросите сводку или меньше строк либо увеличьте предел `traffic`.",
    ),
    "garbled": (
        "The process that ran the code sent something that cannot be read, so it was ended. Ask again.",
        "Процесс, выполнявший код, прислал то, что нельзя прочитать, и был завершён. Повторите вопрос.",
    ),
    "not_loaded": (
        "The table could not be brought into the process for the code: {error}. "
        "If memory is the reason, use a smaller file or raise the limit `memory`.",
        "Не удалось передать таблицу процессу, выполняющему код: {error}. "
        "Если дело в памяти, возьмите файл меньше или увеличьте предел `memory`.",
    ),
    "deadline": (
        "The code was still running after {seconds:second|seconds} and was stopped. "
        "Ask about fewer rows, or allow more time.",
        "Код не закончил работу за {seconds:секунду|секунды|секунд} и был остановлен. "
        "Возьмите меньше строк или дайте больше времени.",
    ),
    "busy": (
        "This kernel is still running the previous piece of code. Wait for it or stop it.",
        "Ядро ещё выполняет предыдущий код. Дождитесь его или остановите.",
    ),
    "long_path": (
        "The folder {folder} has too long a path for the sockets of a kernel. "
        "Choose a folder whose path has at most {limit} characters, for example with TMPDIR.",
        "Путь к папке {folder} слишком длинный для сокетов ядра. "
        "Выберите папку, путь к которой не длиннее {limit} символов, например через TMPDIR.",
    ),
}
