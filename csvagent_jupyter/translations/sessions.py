"""What the session store and the artifacts say."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "no_session": (
        "There is no session {session_id}. It may have been deleted; start a new one.",
        "Сессии {session_id} нет. Возможно, её удалили; начните новую.",
    ),
    "no_task": (
        "There is no task {task_id}. Check its number; `%csvagent history` lists those of a session.",
        "Задачи {task_id} нет. Проверьте номер: `%csvagent history` покажет задачи сессии.",
    ),
    "no_analysis": ("There is no saved analysis {analysis_id}.", "Сохранённого анализа {analysis_id} нет."),
    "no_link": (
        "This link opens nothing. Ask the owner of the session for a new one.",
        "По этой ссылке ничего нет. Попросите у владельца сессии новую.",
    ),
    "bad_session_id": (
        "{session_id!r} cannot be the id of a session: use letters, digits, dots, dashes and underscores, at most 64.",
        "{session_id!r} не подходит как имя сессии: нужны латинские буквы, цифры, точки, дефисы и подчёркивания, "
        "не больше 64.",
    ),
    "session_taken": (
        "There is already a session {session_id}. Choose another id.",
        "Сессия {session_id} уже есть. Выберите другое имя.",
    ),
    "task_taken": ("There is already a task {task_id}.", "Задача {task_id} уже есть."),
    "line_full": (
        "{waiting:question waits|questions wait} in this session already. Wait for an answer, or stop one of them.",
        "В этой сессии уже ждёт {waiting:вопрос|вопроса|вопросов}. Дождитесь ответа или остановите один из них.",
    ),
    "lease_lost": (
        "Task {task_id} is run by somebody else now, or has ended.",
        "Задачу {task_id} теперь выполняет кто-то другой, или она уже закончилась.",
    ),
    "closed": (
        "The session store is closed. Restart the kernel and ask again.",
        "Хранилище сессий закрыто. Перезапустите ядро и спросите ещё раз.",
    ),
    "session_gone": (
        "Session {session_id} is there no more: it was not used for a long time, or Redis has lost its data. Start a "
        "new one.",
        "Сессии {session_id} больше нет: ею долго не пользовались, или Redis потерял данные. Начните новую.",
    ),
    "link_taken": (
        "This link cannot be used for the session. Make a new one.",
        "Эта ссылка для сессии не подходит. Создайте новую.",
    ),
    "redis_gone": (
        "Redis does not answer at {where}. Check that it runs and that REDIS_URL or REDIS_HOST is right, then try "
        "again.",
        "Redis не отвечает по адресу {where}. Проверьте, что он запущен и что REDIS_URL или REDIS_HOST указаны верно, "
        "и попробуйте ещё раз.",
    ),
    "redis_paused": (
        "Redis does not answer at {where}. What runs goes on, but news cannot be shown until Redis is back. Nothing "
        "has to be asked again.",
        "Redis не отвечает по адресу {where}. Начатое продолжается, но новости появятся, только когда Redis вернётся. "
        "Спрашивать заново не нужно.",
    ),
    "redis_resumed": ("Redis is back; the news goes on.", "Redis снова отвечает, новости идут дальше."),
    "redis_password": (
        "Redis at {where} does not accept the password. Set the right one in REDIS_URL or REDIS_PASSWORD.",
        "Redis по адресу {where} не принимает пароль. Укажите верный в REDIS_URL или REDIS_PASSWORD.",
    ),
    "redis_certificate": (
        "The certificate of Redis at {where} cannot be verified. Name the authority that issued it in REDIS_URL: "
        "?ssl_ca_certs=/path/ca.pem",
        "Сертификат Redis по адресу {where} не удалось проверить. Укажите в REDIS_URL, кто его выдал: "
        "?ssl_ca_certs=/path/ca.pem",
    ),
    "redis_full": (
        "Redis at {where} is full and takes nothing more. Its administrator has to give it more memory or disk; "
        "earlier answers are safe.",
        "Redis по адресу {where} заполнен и ничего больше не принимает. Администратору нужно дать ему больше памяти "
        "или места на диске; прежние ответы целы.",
    ),
    "redis_forbidden": (
        "Redis at {where} does not allow this user what the session store needs: scripts, channels, and keys under "
        "session: and csvagent:. Its administrator can allow it.",
        "Redis по адресу {where} не разрешает этому пользователю то, что нужно хранилищу сессий: скрипты, каналы и "
        "ключи session: и csvagent:. Разрешить это может администратор.",
    ),
    "redis_failed": (
        "Redis at {where} refused a command of the session store: {reason}. Redis 6.2 or newer is needed, without "
        "cluster mode.",
        "Redis по адресу {where} отклонил команду хранилища сессий: {reason}. Нужен Redis 6.2 или новее, без режима "
        "кластера.",
    ),
    "redis_address": (
        "The address of Redis cannot be read. REDIS_URL looks like redis://:password@host:6379/0, with rediss:// for "
        "TLS; special characters of the password are written as %40. REDIS_PORT and REDIS_DB are numbers.",
        "Адрес Redis не удалось прочитать. REDIS_URL выглядит так: redis://:password@host:6379/0, для TLS rediss://; "
        "особые символы пароля записываются в виде %40. REDIS_PORT и REDIS_DB — числа.",
    ),
    "redis_not_installed": (
        "REDIS_URL or REDIS_HOST is set, but the redis package is not installed here. Install it with: "
        "pip install 'csvagent-jupyter[redis]'",
        "Указан REDIS_URL или REDIS_HOST, но пакет redis здесь не установлен. Установите его: "
        "pip install 'csvagent-jupyter[redis]'",
    ),
    "bad_expiry": (
        "SESSION_EXPIRE_SECONDS is {value!r}. Set it to a number of seconds, at least 1.",
        "SESSION_EXPIRE_SECONDS: {value!r}. Укажите число секунд, не меньше 1.",
    ),
    "no_folder": (
        "The session store {path} cannot be used ({reason}). Make the folder writable, or "
        "choose another one with c.CSVAgentManager.data_folder or JUPYTER_DATA_DIR.",
        "Хранилище сессий {path} недоступно ({reason}). Откройте папку на запись или выберите другую в "
        "c.CSVAgentManager.data_folder либо JUPYTER_DATA_DIR.",
    ),
    "full": (
        "The disk with the session store {path} is full, so nothing more can be kept. Free some space and ask again; "
        "earlier answers are safe.",
        "Диск с хранилищем сессий {path} заполнен, сохранить ничего нельзя. Освободите место и спросите ещё раз; "
        "прежние ответы целы.",
    ),
    "locked": (
        "The session store {path} is held by another process for too long. Wait a little and ask again.",
        "Хранилище сессий {path} слишком долго занято другим процессом. Немного подождите и спросите ещё раз.",
    ),
    "damaged": (
        "The session store {path} is damaged. Close the notebooks that use it, move the file away and ask again; "
        "a new one will be made.",
        "Хранилище сессий {path} повреждено. Закройте ноутбуки, которые им пользуются, уберите файл в другое место "
        "и спросите ещё раз: будет создано новое.",
    ),
    "set_aside": (
        "The session store {path} was damaged or is no store. It was kept as {kept}, nothing was deleted. Ask again: "
        "a new store will be made.",
        "Хранилище сессий {path} было повреждено или это не хранилище. Файл сохранён как {kept}, ничего не удалено. "
        "Спросите ещё раз: будет создано новое.",
    ),
    "foreign": (
        "{path} is a database of another program. It was left as it is; set another path for the session store.",
        "{path} — база данных другой программы. Она оставлена как есть; укажите другой путь для хранилища сессий.",
    ),
    "newer": (
        "The session store {path} was written by a newer csvagent-jupyter (schema {found}, this one knows {known}). "
        "Upgrade csvagent-jupyter in this environment, or set another path for the store.",
        "Хранилище сессий {path} создано более новой версией csvagent-jupyter (схема {found}, здесь известна {known}). "
        "Обновите csvagent-jupyter в этом окружении или укажите другой путь к хранилищу.",
    ),
    "newer_entry": (
        "An entry in {path} was written by another version of csvagent-jupyter and cannot be read here. Use the same "
        "version in both environments.",
        "Запись в {path} сделана другой версией csvagent-jupyter, и прочитать её здесь нельзя. Используйте одну "
        "и ту же версию в обоих окружениях.",
    ),
    "failed": (
        "The session store {path} does not work: {reason}. Check the disk, or choose another folder with "
        "c.CSVAgentManager.data_folder or JUPYTER_DATA_DIR.",
        "Хранилище сессий {path} не работает: {reason}. Проверьте диск или выберите другую папку в "
        "c.CSVAgentManager.data_folder либо JUPYTER_DATA_DIR.",
    ),
    "not_a_file": (
        "{name} is not a file that can be kept: a link, a folder or a device, or it is gone.",
        "{name} нельзя сохранить: это ссылка, папка или устройство, или файла уже нет.",
    ),
    "no_artifact": (
        "The file {artifact} is no longer kept. Run the question again to make it anew.",
        "Файл {artifact} больше не хранится. Задайте вопрос ещё раз, чтобы получить его заново.",
    ),
    "artifacts_full": (
        "The disk with the kept files ({path}) is full. Free some space and ask again.",
        "Диск с сохранёнными файлами ({path}) заполнен. Освободите место и спросите ещё раз.",
    ),
    "artifacts_failed": (
        "A file cannot be kept in {path} ({reason}). Make the folder writable, or choose another one with "
        "c.CSVAgentManager.data_folder or JUPYTER_DATA_DIR.",
        "Сохранить файл в {path} не удалось ({reason}). Откройте папку на запись или выберите другую в "
        "c.CSVAgentManager.data_folder либо JUPYTER_DATA_DIR.",
    ),
    "artifact_too_large": (
        "{name} is larger than a kept file may be ({limit:size}). Write less, or in several files.",
        "{name} больше, чем может быть сохранённый файл ({limit:size}). Запишите меньше или по частям.",
    ),
    "quota": (
        "Your kept files would take more than {limit:size}. Delete sessions that you no longer need: their files "
        "are freed at the latest {days:day|days} after that. The administrator can set another bound "
        "(c.CSVAgentManager.artifact_quota) or an earlier end (c.CSVAgentManager.artifact_days).",
        "Ваши сохранённые файлы не помещаются в отведённое место ({limit:size}). Удалите сессии, которые "
        "больше не нужны: их файлы исчезнут не позже чем через {days:день|дня|дней} после этого. Администратор может "
        "дать больше места (c.CSVAgentManager.artifact_quota) или сократить срок (c.CSVAgentManager.artifact_days).",
    ),
}
