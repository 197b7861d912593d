"""What the server says."""

from __future__ import annotations

from . import Catalogue

TEXTS: Catalogue = {
    "unexpected": (
        "Something went wrong on our side; the server's log says where. Try again.",
        "Произошла внутренняя ошибка; где именно, написано в журнале сервера. Повторите запрос.",
    ),
    "nobody_named": (
        "Name whom to stop sharing with. Without `name` and `link` in the address it ends for everybody.",
        "Укажите, кому закрыть доступ. Если в адресе нет ни `name`, ни `link`, доступ закроется для всех.",
    ),
    "sign_in": (
        "Sign in first: send the server's token in the header `Authorization: token …`, or open the server in a "
        "browser.",
        "Сначала войдите: передайте токен сервера в заголовке `Authorization: token …` или откройте сервер в браузере.",
    ),
    "no_right": (
        "You have no right to do this here. Ask the server's administrator for it.",
        "У вас нет права на это действие. Попросите его у администратора сервера.",
    ),
    "no_xsrf": (
        "A page has to prove that it is this server's: send the cookie `_xsrf` also as the header X-XSRFToken, or use "
        "a token instead of a cookie.",
        "Страница должна подтвердить, что она с этого сервера: передайте cookie `_xsrf` ещё и в заголовке X-XSRFToken "
        "или используйте токен вместо cookie.",
    ),
    "bad_request": (
        "The request cannot be read. The page csvagent/api/docs shows what is expected.",
        "Запрос не удалось прочитать. Что ожидается, показано на странице csvagent/api/docs.",
    ),
    "no_such_address": (
        "There is nothing at this address. The page csvagent/api/docs shows what there is.",
        "По этому адресу ничего нет. Что есть, показано на странице csvagent/api/docs.",
    ),
    "no_such_verb": (
        "This address does not answer to such a request; the header Allow says to which it does.",
        "Этот адрес не отвечает на такой запрос; на какие отвечает, сказано в заголовке Allow.",
    ),
    "too_large_body": (
        "The request is larger than this server takes. Send less, or ask its administrator for a higher limit.",
        "Запрос больше, чем принимает этот сервер. Отправьте меньше или попросите администратора увеличить предел.",
    ),
    "bad_json": (
        "The request cannot be read: {problem}. The page csvagent/api/docs shows what is expected.",
        "Запрос не удалось прочитать: {problem}. Что ожидается, показано на странице csvagent/api/docs.",
    ),
    "bad_after": (
        "`{given}` is no event's number. Use the `seq` of the last event that you have.",
        "«{given}» — не номер события. Укажите `seq` последнего полученного события.",
    ),
    "bad_form": (
        "The form cannot be read: {problem}. Send it as multipart/form-data, as every HTTP client does.",
        "Форму не удалось прочитать: {problem}. Отправьте её как multipart/form-data: это умеет любой клиент HTTP.",
    ),
    "cut_form": (
        "The upload ended before it was whole. Send it again.",
        "Загрузка оборвалась. Отправьте файл ещё раз.",
    ),
    "many_parts": (
        "More than {limit} parts at once are not taken. Send fewer.",
        "За один раз принимается не больше {limit} частей. Отправьте меньше.",
    ),
    "long_field": (
        "The field `{name}` is longer than {limit:size}. Send files as files.",
        "Поле «{name}» длиннее {limit:size}. Файлы отправляйте файлами.",
    ),
    "empty_file": (
        "The file {name} is empty. Choose one that has data.",
        "Файл {name} пуст. Выберите файл с данными.",
    ),
    "bad_content_type": (
        "A body of the type {given} is not taken. Send application/json or multipart/form-data.",
        "Тело запроса вида {given} не принимается. Отправьте application/json или multipart/form-data.",
    ),
    "bad_base64": (
        "The file in the message is no valid base64. Encode it again, or upload it.",
        "Файл в сообщении — не base64. Закодируйте его заново или загрузите.",
    ),
    "one_file": (
        "One file at a time is profiled; this request has {files}. Send or name one.",
        "Профиль делается для одного файла за раз, а в запросе их {files}. Отправьте или назовите один.",
    ),
    "no_file": (
        "There is no file {path} here. Check the path, which begins at the folder that the server shows.",
        "Файла {path} здесь нет. Проверьте путь: он считается от папки, которую показывает сервер.",
    ),
    "connected": (
        "Connected. Ask with a message of the type analyze.",
        "Соединение открыто. Спрашивайте сообщением analyze.",
    ),
    "no_upgrade": (
        "This address is a WebSocket. Connect with a WebSocket client, or follow the session's events over HTTP.",
        "По этому адресу открывается WebSocket. Подключитесь клиентом WebSocket или следите за событиями сессии "
        "по HTTP.",
    ),
    "not_allowed": (
        "You may not do this here ({action}). Ask the server's administrator for the right to.",
        "Здесь вам это не разрешено ({action}). Попросите право у администратора сервера.",
    ),
    "bad_number": (
        "`{name}` must be a whole number from 0 to {limit}, not “{given}”.",
        "`{name}` должно быть целым числом от 0 до {limit}, а не «{given}».",
    ),
    "no_answer": (
        "Task {task_id} has no answer yet. Wait for its end: csvagent/api/tasks/{task_id} tells how it stands.",
        "У задачи {task_id} ещё нет ответа. Дождитесь её конца: как она продвигается, видно на "
        "csvagent/api/tasks/{task_id}.",
    ),
    "no_part": (
        "The answer has no {part}. What it has is listed in the answer itself.",
        "В ответе этого нет: {part}. Что в нём есть, перечислено в самом ответе.",
    ),
    "not_kept": (
        "There was no room to keep this table whole. Its first {rows:row is|rows are} in the answer itself; free some "
        "space and run the question again for the rest.",
        "Места, чтобы сохранить эту таблицу целиком, не хватило. В самом ответе есть {rows:первая её строка|первые её "
        "строки|первых её строк}; чтобы получить остальное, освободите место и задайте вопрос ещё раз.",
    ),
    "arrow_is_whole": (
        "An Arrow file is sent whole. Leave out offset and limit, or ask for .json or .csv.",
        "Файл Arrow отдаётся целиком. Уберите offset и limit или запросите .json либо .csv.",
    ),
    "model_not_served": (
        "“{model}” reads a file of the server, so a request cannot choose it. Choose one of csvagent/api/models.",
        "Модель «{model}» читает файл сервера, поэтому запросом её выбрать нельзя. Подходящие перечислены "
        "на csvagent/api/models.",
    ),
    "health_no_store": (
        "The store of sessions does not answer, so nothing can be asked. Look at the disk and at the server's log.",
        "Хранилище сессий не отвечает, поэтому спросить ничего нельзя. Проверьте диск и журнал сервера.",
    ),
    "health_no_redis": (
        "Redis does not answer. What runs goes on; new questions have to wait until it is back.",
        "Redis не отвечает. Начатое продолжается; новые вопросы подождут, пока он не вернётся.",
    ),
    "health_no_model": (
        "The model cannot be reached or is not set up. Questions to another one, or to offline, are answered.",
        "Модель недоступна или не настроена. Вопросы к другой модели или к offline получат ответ.",
    ),
    "health_no_disk": (
        "The disk has little room left, or does not answer. Make room in the data folder.",
        "На диске почти не осталось места, или он не отвечает. Освободите место в папке с данными.",
    ),
    "health_isolation": (
        "Code is isolated less well here than the settings ask for, so a model's code is refused. "
        "`csvagent doctor` shows what is missing.",
        "Код здесь изолирован слабее, чем требуют настройки, поэтому код модели не выполняется. "
        "Чего не хватает, покажет `csvagent doctor`.",
    ),
    "too_large": (
        "The request is larger than {limit:size}. Send files by upload instead.",
        "Запрос больше {limit:size}. Файлы отправляйте загрузкой.",
    ),
}
