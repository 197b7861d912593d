"""The words and options of the command line, read with argparse; what is wrong with them is said in one sentence."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NoReturn

from ..exceptions import BadInput
from ..messages import SHARES
from ..tables.option_words import read_words
from ..tables.options import OPTIONS
from ..translations import LANGUAGES, Language, language_of, say

COMMANDS: Final = ("ask", "profile", "replay", "serve", "allow", "doctor")
READING: Final = ("ask", "profile", "replay")
"""The commands that read files."""
FLAGS: Final = ("--json", "--help", "--strict", "--glance")


def parse(argv: Sequence[str], language: Language) -> argparse.Namespace:
    """Read a command line whose first word is one of COMMANDS.

    The result has `command`, `words` (what is not an option) and the options of that command; `help` asks for
    `help_text`. With `read`, how the files are read is stated. Raises BadInput.
    """
    command = argv[0]
    parser = _parser(command, language)
    options, unknown = parser.parse_known_intermixed_args(list(argv[1:]))
    options.command = command
    if options.help:
        return options
    if unknown:
        raise _unknown_option(unknown[0], parser)
    _check_words(options)
    if command in READING:
        options.read = _stated(options)
    return options


def help_text(command: str, language: Language) -> str:
    """Return how a command is used."""
    usage = f"{say('cli.usage', language)} csvagent {command} {say(f'cli.usage_{command}', language)}"
    text = f"{usage}\n\n{_parser(command, language).format_help()}".rstrip()
    return text if command not in READING else f"{text}\n\n{_reading_help(language)}"


def interface_language(argv: Sequence[str], environ: Mapping[str, str]) -> Language:
    """Choose the language of all that is said: ``--lang``, else the question's own, else the locale's.

    Never fails: it is asked before the command line is known to be right.
    """
    for here, following in zip_longest(argv, argv[1:], fillvalue=""):
        name, _, value = here.partition("=")
        value = value or following
        if name == "--lang":
            for language in LANGUAGES:
                if value == language:
                    return language
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    default: Language = "ru" if locale.lower().startswith("ru") else "en"
    words = _bare_words(argv)
    return language_of(words[-1], default) if words[:1] == ["ask"] and len(words) > 2 else default


def _bare_words(argv: Sequence[str]) -> list[str]:
    words: list[str] = []
    options = iter(argv)
    for word in options:
        if word == "--":
            words.extend(options)
        elif not word.startswith("--"):
            words.append(word)
        elif "=" not in word and word not in FLAGS:
            next(options, None)
    return words


class _Parser(argparse.ArgumentParser):
    """Argparse with errors of our tree; the two that it still finds itself are about an option's value."""

    def error(self, message: str) -> NoReturn:
        option = re.search(r"--[\w-]+", message)
        key = "cli.value_missing" if "expected" in message else "cli.flag_with_value"
        raise BadInput(key, option=option[0] if option else message)


def _parser(command: str, language: Language) -> _Parser:
    parser = _Parser(
        prog=f"csvagent {command}",
        usage=argparse.SUPPRESS,
        description=say(f"cli.about_{command}", language),
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    options = parser.add_argument_group(say("cli.options", language))
    if command == "ask":
        options.add_argument("--model", metavar="ID", help=say("cli.option_model", language))
        options.add_argument("--max-attempts", metavar="N", type=_count, help=say("cli.option_max_attempts", language))
        options.add_argument("--timeout", metavar="S", type=_seconds, help=say("cli.option_timeout", language))
        options.add_argument(
            "--share",
            metavar=say("cli.level", language),
            type=_one_of("--share", SHARES),
            help=say("cli.option_share", language),
        )
        options.add_argument("--session", metavar=say("cli.name", language), help=say("cli.option_session", language))
    if command == "profile":
        options.add_argument("--glance", action="store_true", help=say("cli.option_glance", language))
    if command in READING:
        stated = say("cli.stated", language)
        options.add_argument("--read", metavar=stated, action="append", help=say("cli.option_read", language))
        options.add_argument("--strict", action="store_true", help=say("cli.option_strict", language))
    options.add_argument(
        "--lang", metavar="en|ru", type=_one_of("--lang", LANGUAGES), help=say("cli.option_lang", language)
    )
    if command == "serve":
        options.add_argument("--port", metavar="N", help=say("cli.option_port", language))
        options.add_argument("--ip", metavar="IP", help=say("cli.option_ip", language))
        folder = say("cli.folder", language)
        options.add_argument("--folder", metavar=folder, type=Path, help=say("cli.option_root", language))
    else:
        options.add_argument("--json", action="store_true", help=say("cli.option_json", language))
    if command in ("ask", "replay"):
        folder = say("cli.folder", language)
        options.add_argument("--out", metavar=folder, type=Path, help=say("cli.option_out", language))
    options.add_argument("-h", "--help", action="store_true", help=say("cli.option_help", language))
    return parser


def _check_words(options: argparse.Namespace) -> None:
    words: list[str] = options.words
    if options.command == "ask":
        if len(words) < 2 or not words[-1].strip() or _is_file(words[-1]):
            raise BadInput("cli.question_missing")
        options.sources, options.question = words[:-1], words[-1]
    elif options.command == "profile" and len(words) != 1:
        raise BadInput("cli.one_file")
    elif options.command == "replay" and not words:
        raise BadInput("cli.task_missing")
    elif options.command == "allow" and len(words) != 1:
        raise BadInput("cli.one_consent")
    elif options.command in ("doctor", "serve") and words:
        raise BadInput("cli.too_many_words", command=options.command, word=words[0])


def _stated(options: argparse.Namespace) -> dict[str, Any]:
    return read_words([*(options.read or ()), *(["strict"] if options.strict else [])])


def _reading_help(language: Language) -> str:
    """Return what can be stated of how a file is read, an option a line."""
    lines = [f"  {name:<14}{option.about(language)} {option.possible(language)}" for name, option in OPTIONS.items()]
    return "\n".join([say("cli.reading", language), *lines, say("cli.reading_words", language)])


def _is_file(word: str) -> bool:
    """Tell whether a word names a file; a question may be longer than any name can be."""
    try:
        return Path(word).is_file()
    except OSError:
        return False


def _unknown_option(word: str, parser: argparse.ArgumentParser) -> BadInput:
    name = word.partition("=")[0]
    known = [option for action in parser._actions for option in action.option_strings if option.startswith("--")]
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    if near:
        return BadInput("cli.unknown_option_near", option=name, near=near[0])
    return BadInput("cli.unknown_option", option=name, options=", ".join(known))


def _one_of(option: str, choices: Sequence[str]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise BadInput("cli.not_a_choice", option=option, value=value, choices=", ".join(choices))
        return value

    return read


def _count(value: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", value):
        raise BadInput("cli.not_a_count", option="--max-attempts", value=value)
    return int(value)


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < 1e9:
        raise BadInput("cli.not_seconds", option="--timeout", value=value)
    return seconds
