"""What the confinement says: what stays open to the code."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "gap_files": (
        "The code may read the files that you may read.",
        "Коду доступны для чтения те же файлы, что и вам.",
    ),
    "gap_write": (
        "The code may change the files that you may change.",
        "Код может изменить те же файлы, что и вы.",
    ),
    "gap_network": (
        "The code may use the network.",
        "Коду доступна сеть.",
    ),
    "gap_sockets": (
        "The code may talk to other programs on this computer.",
        "Код может обращаться к другим программам на этом компьютере.",
    ),
    "gap_processes": (
        "The code may start other programs.",
        "Код может запускать другие программы.",
    ),
    "gap_others": (
        "The code may look into your other programs or end them.",
        "Код может заглянуть в другие ваши программы или завершить их.",
    ),
    "gap_privileges": (
        "The code keeps the rights of the account that started it.",
        "У кода остаются права учётной записи, которая его запустила.",
    ),
    "gap_limits": (
        "The code may lift the limits on its memory and time.",
        "Код может снять ограничения на память и время.",
    ),
    "gap_paths": (
        "The code can tell whether a file exists, its size and date, and where a link leads, when it guesses the path.",
        "Код может узнать, есть ли файл, его размер и дату и куда ведёт ссылка, если угадает путь.",
    ),
    "gap_process_ids": (
        "The code can tell which process numbers are in use on this computer, and by which account.",
        "Код может узнать, какие номера процессов заняты на этом компьютере и какой учётной записью.",
    ),
    "gap_locks": (
        "The code can lock files of the libraries, for which another program that locks them too would wait.",
        "Код может заблокировать файлы библиотек: программа, которая их тоже блокирует, будет ждать.",
    ),
    "outer_missing": (
        "There is no outer layer around the code: the program {program} is not installed. "
        "Install the package bubblewrap, or set the outer layer to off.",
        "Внешнего слоя вокруг кода нет: программа {program} не установлена. "
        "Установите пакет bubblewrap или отключите внешний слой (off).",
    ),
    "outer_refused": (
        "There is no outer layer around the code: {program} may not make one on this computer. "
        "Allow it user namespaces, or set the outer layer to off. It said: {detail}",
        "Внешнего слоя вокруг кода нет: {program} не может его создать на этом компьютере. "
        "Разрешите ему пространства имён пользователей или отключите внешний слой (off). Его ответ: {detail}",
    ),
    "outer_not_used": (
        "The outer layer around the code is required, and the kernel cannot be started in it: {detail}",
        "Требуется внешний слой вокруг кода, но запустить в нём ядро не удаётся: {detail}",
    ),
    "outer_unknown": (
        "{variable} is {value}, which is not known. Set it to one of: {known}.",
        "Значение {value} переменной {variable} неизвестно. Допустимы: {known}.",
    ),
}
