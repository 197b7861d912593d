"""The error tree: what each error tells a person, a program and another process."""

from __future__ import annotations

import pickle

import pytest

from csvagent_jupyter import exceptions
from csvagent_jupyter.exceptions import BadInput, Cancelled, CSVAgentError, Declined, ModelError, StoreError

EVERY = [one for one in vars(exceptions).values() if isinstance(one, type) and issubclass(one, CSVAgentError)]
ANSWER_KINDS = {
    *("failed", "declined", "ambiguous", "cancelled", "timeout", "budget", "model_unreachable", "model_refused"),
    *("kernel_died", "unreadable", "isolation", "internal"),
}


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_survives_the_way_to_another_process(kind: type[CSVAgentError]) -> None:
    error = kind("manager.bad_attempts", suggestions=("ask again",), limit=20)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.key, again.suggestions, again.values) == (error.key, error.suggestions, error.values)
    assert str(again) == error.say("en") != error.say("ru")


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_has_a_status_and_an_exit_code_of_the_contract(kind: type[CSVAgentError]) -> None:
    assert 400 <= kind.status < 600
    assert kind.exit_code in (1, 2, 3, 130)


def test_every_kind_that_an_answer_may_have_is_the_kind_of_an_error() -> None:
    assert {kind.kind for kind in EVERY} >= ANSWER_KINDS


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    assert (Declined.exit_code, BadInput.exit_code, Cancelled.exit_code) == (1, 2, 130)
    assert ModelError.exit_code == StoreError.exit_code == 3


@pytest.mark.parametrize("kind", EVERY)
def test_the_tree_in_the_module_is_drawn_as_it_is(kind: type[CSVAgentError]) -> None:
    drawn = [
        line.rstrip() for line in (exceptions.__doc__ or "").splitlines() if "── " in line or "CSVAgentError" in line
    ]
    names = [line.replace("│", " ").lstrip(" ├└─").split()[0] for line in drawn]
    depths = [line.index(name) // 4 for line, name in zip(drawn, names, strict=True)]
    at = names.index(kind.__name__)
    assert depths[at] == len(kind.__mro__) - len(CSVAgentError.__mro__) + 1
