"""The command line: ``csvagent ask | profile | replay | serve | allow | doctor``.

Progress goes to standard error, the answer to standard output. Exit codes: 0 answered, 1 not answered, 2 bad use or
unreadable input, 3 a service is out of reach, 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence

from ..exceptions import BadInput, Cancelled, CSVAgentError
from ..translations import Language, say
from .arguments import COMMANDS, help_text, interface_language, parse
from .output import Output


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    language = interface_language(arguments, os.environ)
    output = Output(language, as_json="--json" in arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger("csvagent_jupyter").setLevel(logging.ERROR)
    try:
        return _run(arguments, language, output)
    except CSVAgentError as error:
        output.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.error(Cancelled("cli.interrupted"))
        return Cancelled.exit_code


def _run(arguments: list[str], language: Language, output: Output) -> int:
    command = arguments[0] if arguments else "--help"
    if command in ("-h", "--help", "help"):
        output.text(_overview(language))
        return 0 if arguments else BadInput.exit_code
    if command == "--version":
        from importlib.metadata import version

        output.text(version("csvagent-jupyter"))
        return 0
    if command not in COMMANDS:
        raise BadInput("cli.unknown_command", command=command, commands=", ".join(COMMANDS))
    options = parse(arguments, language)
    if options.help:
        output.text(help_text(command, language))
        return 0
    if command == "ask":
        from .asking import ask

        return ask(options, language, output)
    if command == "replay":
        from .asking import replay

        return replay(options, language, output)
    if command == "profile":
        from .profile import profile

        return profile(options, language, output)
    if command == "serve":
        from .serving import serve

        return serve(options, language)
    if command == "allow":
        from .consent import allow

        return allow(options, language, output)
    from .doctor import doctor

    return doctor(language, output)


def _overview(language: Language) -> str:
    lines = [
        say("cli.about", language),
        "",
        f"{say('cli.usage', language)} csvagent {say('cli.command', language)} …",
        "",
    ]
    lines += [f"  {command:<8} {say(f'cli.about_{command}', language)}" for command in COMMANDS]
    return "\n".join([*lines, "", say("cli.more_help", language)])
