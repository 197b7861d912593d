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
        "The process that ran the code ended unexpectedly, perhaps because memory ran out: it may take {limit:size} "
        "({setting}), and the machine may have less. Your data and earlier answers are safe; ask again, or about "
        "fewer rows.",
        "Процесс, выполнявший код, неожиданно завершился — возможно, не хватило памяти: ему можно занять "
        "{limit:size} ({setting}), а на машине может быть меньше. Данные и прежние ответы целы; повторите вопрос или "
        "возьмите меньше строк.",
    ),
    "crashed": (
        "A library crashed while it ran the code ({signal}), and the process ended with it. Your data and earlier "
        "answers are safe; ask again, and if it happens again, in other words or about fewer rows.",
        "Во время выполнения кода произошёл сбой внутри библиотеки ({signal}), и процесс завершился. Данные и прежние "
        "ответы целы; повторите вопрос, а если это повторится, сформулируйте его иначе или возьмите меньше строк.",
    ),
    "ended": (
        "The code ended its own process before there was an answer, as os._exit does, or it was ended from outside. "
        "Your data and earlier answers are safe; ask again, and if it happens again, in other words.",
        "Код завершил собственный процесс раньше, чем появился ответ (так действует os._exit), или процесс завершили "
        "извне. Данные и прежние ответы целы; повторите вопрос, а если это повторится, сформулируйте его иначе.",
    ),
    "stopped": (
        "The process for the code is not running. Ask again: a new one starts by itself.",
        "Процесс для кода не запущен. Повторите вопрос: новый запустится сам.",
    ),
    "no_provisioner": (
        "The kernel provisioner {name} cannot be used: {error} Install the package that brings it where Jupyter runs, "
        "or correct c.CSVAgentManager.kernel_provisioner.",
        "Не удаётся использовать поставщик ядер {name}: {error} Установите пакет с ним там, где работает Jupyter, или "
        "исправьте c.CSVAgentManager.kernel_provisioner.",
    ),
    "not_ours": (
        "The kernel that was started does not answer questions: it is not the one of this package. Let "
        "c.CSVAgentManager.kernel_provisioner name one that starts the command that it is given.",
        "Запущенное ядро не отвечает на вопросы: это не ядро этого пакета. Укажите в "
        "c.CSVAgentManager.kernel_provisioner поставщик, который запускает переданную ему команду.",
    ),
    "garbled": (
        "The process that ran the code sent something that cannot be read, so it was ended. Ask again.",
        "Процесс, выполнявший код, прислал то, что нельзя прочитать, и был завершён. Повторите вопрос.",
    ),
    "not_loaded": (
        "The table could not be brought into the process for the code: {error}. "
        "If memory is the reason, use a smaller file or raise c.CSVAgentManager.kernel_memory.",
        "Не удалось передать таблицу процессу, выполняющему код: {error}. "
        "Если дело в памяти, возьмите файл меньше или увеличьте c.CSVAgentManager.kernel_memory.",
    ),
    "deadline": (
        "The code was still running after {seconds:second|seconds} and was stopped. "
        "Ask about fewer rows, or allow more time (c.CSVAgentManager.timeout).",
        "Код не закончил работу за {seconds:секунду|секунды|секунд} и был остановлен. "
        "Возьмите меньше строк или дайте больше времени (c.CSVAgentManager.timeout).",
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
    # A limit of the sandbox that the code ran into; each names the setting that raises it.
    "limit_memory": (
        "The code needed more memory than the {limit:size} that it may take. Ask about fewer rows or columns, or raise "
        "{setting}.",
        "Коду не хватило памяти: он может занять {limit:size}. Возьмите меньше строк или столбцов либо увеличьте "
        "{setting}.",
    ),
    "limit_cpu_seconds": (
        "The code used up its {limit:second|seconds} of processor time and was stopped. Ask about fewer rows, or raise "
        "{setting}.",
        "Код израсходовал {limit:секунду|секунды|секунд} процессорного времени и был остановлен. Возьмите меньше строк "
        "или увеличьте {setting}.",
    ),
    "limit_tasks": (
        "The code could not start another thread: it may have {limit:thread|threads}, as far as their memory "
        "suffices. Ask for a simpler way, or raise {setting} and kernel_memory.",
        "Код не смог запустить ещё один поток: ему можно иметь {limit:поток|потока|потоков}, пока на них хватает "
        "памяти. Попросите решить задачу проще или увеличьте {setting} и kernel_memory.",
    ),
    "limit_open_files": (
        "The code had more files open than the {limit} that it may have at a time. Ask for fewer files, or raise "
        "{setting}.",
        "Код открыл больше файлов, чем разрешено одновременно: {limit}. Попросите меньше файлов или увеличьте "
        "{setting}.",
    ),
    "limit_file_size": (
        "The code wrote a file larger than the {limit:size} that one may have. Ask for less in one file, or raise "
        "{setting}.",
        "Код записал файл больше разрешённого ({limit:size}). Попросите записать в один файл меньше или увеличьте "
        "{setting}.",
    ),
    "limit_work_size": (
        "The files that the code wrote take more than the {limit:size} that they may have together, so its process "
        "was ended. Ask for fewer or smaller files, or raise {setting}.",
        "Файлы, записанные кодом, занимают вместе больше разрешённого ({limit:size}), поэтому его процесс был "
        "завершён. Попросите меньше файлов или файлы поменьше либо увеличьте {setting}.",
    ),
    "limit_work_files": (
        "The code made more files and folders than the {limit} that it may have, so its process was ended. Ask for "
        "fewer files, or raise {setting}.",
        "Код создал больше файлов и папок, чем разрешено ({limit}), поэтому его процесс был завершён. Попросите "
        "меньше файлов или увеличьте {setting}.",
    ),
    "limit_output": (
        "The printed text is longer than {limit:character|characters}; its end is missing. {setting} raises that.",
        "Напечатанный текст длиннее, чем {limit:символ|символа|символов}; конец отброшен. Предел задаёт {setting}.",
    ),
    "limit_figures": (
        "There were more figures than {limit}; the others are missing. {setting} raises that.",
        "Графиков больше, чем {limit}; остальные отброшены. Предел задаёт {setting}.",
    ),
    "limit_tables": (
        "There were more tables than {limit}; the others are missing. {setting} raises that.",
        "Таблиц больше, чем {limit}; остальные отброшены. Предел задаёт {setting}.",
    ),
    "limit_table_size": (
        "Of a table only the first rows were kept: one may have {limit:size} ({setting}), and all together half of "
        "c.CSVAgentManager.kernel_work_size.",
        "От таблицы сохранены только первые строки: одна может занять {limit:size} ({setting}), а все вместе — "
        "половину c.CSVAgentManager.kernel_work_size.",
    ),
    "limit_message": (
        "The code gave more at once than the {limit:size} that a message may have, so its process was ended. Ask for a "
        "summary or for fewer rows, or raise {setting}.",
        "Код выдал за один раз больше разрешённого ({limit:size}), поэтому его процесс был завершён. Попросите сводку "
        "или меньше строк либо увеличьте {setting}.",
    ),
    "limit_traffic": (
        "The code sent more than the {limit:size} that it may send in all, so its process was ended. Ask for a summary "
        "or for fewer rows, or raise {setting}.",
        "Код отправил в общей сложности больше разрешённого ({limit:size}), поэтому его процесс был завершён. "
        "Попросите сводку или меньше строк либо увеличьте {setting}.",
    ),
}
