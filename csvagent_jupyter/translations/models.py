"""What is said about chat models and the servers they are on."""

from __future__ import annotations

from typing import Final

from . import Catalogue

TEXTS: Final[Catalogue] = {
    # --- which model
    "unknown_provider": (
        "“{provider}” is not a known provider of models. Known are {known}. "
        "Write provider:model, for example openrouter:qwen/qwen3-coder, or offline.",
        "«{provider}» — неизвестный поставщик моделей. Известны {known}. "
        "Пишите поставщик:модель, например openrouter:qwen/qwen3-coder, или offline.",
    ),
    "unknown_provider_near": (
        "“{provider}” is not a known provider of models. Did you mean “{near}”? Known are {known}.",
        "«{provider}» — неизвестный поставщик моделей. Возможно, имелось в виду «{near}»? Известны {known}.",
    ),
    "no_provider": (
        "Say which model: provider:model, for example openrouter:qwen/qwen3-coder, or offline. "
        "Known providers are {known}.",
        "Укажите модель: поставщик:модель, например openrouter:qwen/qwen3-coder, или offline. "
        "Известные поставщики: {known}.",
    ),
    "broken_provider": (
        "The provider “{provider}” is installed but cannot be loaded ({reason}). "
        "Update or remove the package that brings it.",
        "Поставщик «{provider}» установлен, но не загружается ({reason}). "
        "Обновите или удалите пакет, в котором он находится.",
    ),
    # --- keys and addresses
    "no_key": (
        "{provider} needs a key. Set it in the environment variable {variable}, "
        "or choose another model (%csvagent models lists them).",
        "Для {provider} нужен ключ. Задайте его в переменной окружения {variable} "
        "или выберите другую модель (список: %csvagent models).",
    ),
    "bad_key": (
        "What stands in {variable} cannot be a key of {provider}: it has spaces, line breaks or letters "
        "of another alphabet. Copy the key again.",
        "Содержимое {variable} не может быть ключом {provider}: в нём пробелы, переводы строк или буквы "
        "другого алфавита. Скопируйте ключ ещё раз.",
    ),
    "wrong_key": (
        "{provider} did not accept the key in {variable}. Check that it is whole and still valid, "
        "or choose another model (%csvagent models lists them).",
        "{provider} не принимает ключ из {variable}. Проверьте, что он скопирован целиком и ещё действует, "
        "или выберите другую модель (список: %csvagent models).",
    ),
    "needs_key": (
        "The model server at {address} wants a key. Set it in the environment variable {variable}.",
        "Сервер моделей по адресу {address} требует ключ. Задайте его в переменной окружения {variable}.",
    ),
    "forbidden": (
        "{provider} does not let the key in {variable} use {model}: {detail}. "
        "Check the rights of the key, or choose another model (%csvagent models lists them).",
        "{provider} не разрешает использовать {model} с ключом из {variable}: {detail}. "
        "Проверьте права ключа или выберите другую модель (список: %csvagent models).",
    ),
    "no_credit": (
        "The account of {provider} has no credit left for this. Top it up, "
        "or choose another model (%csvagent models lists them).",
        "На счёте {provider} недостаточно средств. Пополните его "
        "или выберите другую модель (список: %csvagent models).",
    ),
    "bad_variable": (
        "The environment variable {variable} does not hold a usable address. Write it like http://localhost:8000/v1, "
        "without a user name, a password or a question mark.",
        "В переменной окружения {variable} нет пригодного адреса. Задайте его в виде http://localhost:8000/v1, "
        "без имени пользователя, пароля и вопросительного знака.",
    ),
    "bad_address": (
        "{address} is not an address that can be asked. Check the environment variable {variable}.",
        "По адресу {address} нельзя обратиться. Проверьте переменную окружения {variable}.",
    ),
    "no_api": (
        "Nothing at {address} answers as a chat model. Check the address in the environment variable {variable}: "
        "it usually ends with /v1.",
        "По адресу {address} никто не отвечает как языковая модель. Проверьте адрес в переменной окружения "
        "{variable}: обычно он заканчивается на /v1.",
    ),
    "redirected": (
        "{address} sends requests on to another address, and a key is never sent there. "
        "Set the final address in the environment variable {variable}.",
        "{address} перенаправляет запросы на другой адрес, а ключ туда не отправляется. "
        "Задайте окончательный адрес в переменной окружения {variable}.",
    ),
    # --- what the server does not take
    "unknown_model": (
        "{provider} has no model {model}, or this key may not use it. Check its name, "
        "or choose another one (%csvagent models lists them).",
        "У {provider} нет модели {model}, или она недоступна для этого ключа. Проверьте название "
        "или выберите другую (список: %csvagent models).",
    ),
    "not_pulled": (
        "Ollama at {address} does not have {model}. Fetch it with “ollama pull {model}”, "
        "or choose another one (%csvagent models lists them).",
        "В Ollama по адресу {address} нет модели {model}. Загрузите её командой «ollama pull {model}» "
        "или выберите другую (список: %csvagent models).",
    ),
    "no_models": (
        "The model server at {address} has no model yet. Load one there, or name one as provider:model.",
        "На сервере моделей по адресу {address} ещё нет ни одной модели. "
        "Загрузите модель или укажите её в виде поставщик:модель.",
    ),
    "too_long": (
        "The question with the description of the data is longer than {model} can read. "
        "Share less of the data (--share schema), use fewer columns, or choose a model with a larger context.",
        "Вопрос вместе с описанием данных длиннее, чем может прочитать {model}. "
        "Передавайте меньше данных (--share schema), оставьте меньше столбцов "
        "или выберите модель с большим контекстом.",
    ),
    "bad_request": (
        "{provider} did not take the request for {model}: {detail}. "
        "Try again, or choose another model (%csvagent models lists them).",
        "{provider} не принимает запрос к {model}: {detail}. "
        "Попробуйте ещё раз или выберите другую модель (список: %csvagent models).",
    ),
    "filtered": (
        "{model} of {provider} declined to answer this. Ask in other words, or choose another model.",
        "Модель {model} ({provider}) отказалась отвечать. Спросите иначе или выберите другую модель.",
    ),
    # --- a server out of reach
    "unreachable": (
        "{provider} cannot be reached at {address}. Check the network connection and try again; "
        "“offline” answers without a network.",
        "{provider} недоступен по адресу {address}. Проверьте подключение к сети и попробуйте ещё раз; "
        "модель «offline» отвечает без сети.",
    ),
    "not_running": (
        "No model server answers at {address}. Start it, or correct the environment variable {variable}.",
        "По адресу {address} сервер моделей не отвечает. Запустите его или исправьте переменную окружения {variable}.",
    ),
    "not_running_ollama": (
        "Ollama does not answer at {address}. Start it with “ollama serve”, "
        "or correct the environment variable {variable}.",
        "Ollama не отвечает по адресу {address}. Запустите её командой «ollama serve» "
        "или исправьте переменную окружения {variable}.",
    ),
    "certificate": (
        "The certificate of {address} is not trusted here. If your network has its own certificates, "
        "name their file in the environment variable SSL_CERT_FILE.",
        "Сертификату {address} здесь не доверяют. Если в вашей сети свои сертификаты, "
        "укажите файл с ними в переменной окружения SSL_CERT_FILE.",
    ),
    "bad_ca": (
        "The certificates named in SSL_CERT_FILE or SSL_CERT_DIR cannot be read. Correct or remove these variables.",
        "Не удаётся прочитать сертификаты, указанные в SSL_CERT_FILE или SSL_CERT_DIR. "
        "Исправьте или удалите эти переменные.",
    ),
    "proxy": (
        "The proxy on the way to {address} did not let the request through. "
        "Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.",
        "Прокси на пути к {address} не пропустил запрос. Проверьте HTTPS_PROXY, HTTP_PROXY, ALL_PROXY и NO_PROXY.",
    ),
    "bad_proxy": (
        "The proxy set in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY cannot be used. Write it like http://proxy:3128 "
        "(for a SOCKS proxy, install the package socksio).",
        "Прокси, заданный в HTTPS_PROXY, HTTP_PROXY или ALL_PROXY, использовать нельзя. "
        "Задайте его в виде http://proxy:3128 (для SOCKS установите пакет socksio).",
    ),
    "dropped": (
        "{provider} closed the connection without an answer. Try again in a minute.",
        "{provider} закрывает соединение, не ответив. Попробуйте ещё раз через минуту.",
    ),
    "overloaded": (
        "{provider} has trouble answering at the moment (status {status}). "
        "Try again in a minute, or choose another model.",
        "{provider} сейчас не может ответить (код {status}). "
        "Попробуйте ещё раз через минуту или выберите другую модель.",
    ),
    "rate_limited": (
        "{provider} limits how often it may be asked. Wait a minute and try again, or choose another model.",
        "{provider} ограничивает частоту запросов. Подождите минуту и попробуйте ещё раз или выберите другую модель.",
    ),
    "rate_limited_until": (
        "{provider} limits how often it may be asked, and asks to wait {seconds:second|seconds}. "
        "Try again after that, or choose another model.",
        "{provider} ограничивает частоту запросов и просит подождать {seconds:секунду|секунды|секунд}. "
        "Попробуйте позже или выберите другую модель.",
    ),
    # --- a reply that breaks off
    "no_first_token": (
        "{provider} did not begin to answer within {seconds:second|seconds}. Try again, or choose a faster model.",
        "{provider}: ответ не начался за {seconds:секунду|секунды|секунд}. "
        "Попробуйте ещё раз или выберите модель побыстрее.",
    ),
    "stopped_writing": (
        "{provider} stopped in the middle of its answer and was silent for {seconds:second|seconds}. Try again.",
        "{provider}: ответ прервался на середине, пауза длилась {seconds:секунду|секунды|секунд}. Попробуйте ещё раз.",
    ),
    "cut": (
        "The connection to {provider} broke off in the middle of the answer. Try again.",
        "Связь с {provider} оборвалась посреди ответа. Попробуйте ещё раз.",
    ),
    "too_large": (
        "{provider} sent far more than an answer can be, so it was stopped. Try again, or choose another model.",
        "{provider}: ответ намного длиннее возможного, поэтому он остановлен. "
        "Попробуйте ещё раз или выберите другую модель.",
    ),
    "unreadable_reply": (
        "What {provider} sent cannot be read. Check that {address} leads to a chat model and not to another service.",
        "Ответ {provider} прочитать не удалось. Проверьте, что {address} ведёт к языковой модели, "
        "а не к другой службе.",
    ),
    # --- scripted replies
    "replay_no_path": (
        "Name the file with the scripted replies: replay:replies.json.",
        "Укажите файл с готовыми ответами: replay:replies.json.",
    ),
    "replay_unreadable": (
        "The scripted replies in “{path}” cannot be read: {reason}. "
        "It must be a JSON list of texts, or of objects with text or chunks.",
        "Не удаётся прочитать готовые ответы из «{path}»: {reason}. "
        "Нужен список JSON из текстов или объектов с полями text или chunks.",
    ),
    "replay_ended": (
        "“{path}” has no further reply: all {count:reply was|replies were} given.",
        "В «{path}» больше нет ответов: {count:ответ уже дан|ответа уже даны|ответов уже даны}.",
    ),
    "replay_unreachable": (
        "The script says that the model is out of reach.",
        "По сценарию модель недоступна.",
    ),
    "replay_refused": (
        "The script says that the model refuses.",
        "По сценарию модель отказывает.",
    ),
    # --- what a provider still needs (the list of models)
    "ready": ("ready", "готова"),
    "needs_variable": ("set {variable}", "задайте {variable}"),
    "needs_ollama": ("start Ollama, or set OLLAMA_HOST", "запустите Ollama или задайте OLLAMA_HOST"),
    "needs_pull": (
        "fetch a model, for example: ollama pull qwen2.5-coder:7b",
        "загрузите модель, например: ollama pull qwen2.5-coder:7b",
    ),
    "needs_file": ("name a file with replies", "укажите файл с ответами"),
}
