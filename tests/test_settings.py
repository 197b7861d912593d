"""What can be set, and how it reaches a run."""

from __future__ import annotations

import logging
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.paths import jupyter_data_dir
from traitlets import TraitError
from traitlets.config import Config

from csvagent_jupyter.confinement import Limits
from csvagent_jupyter.manager import CSVAgentManager
from csvagent_jupyter.messages import Budget, LimitHit
from csvagent_jupyter.settings import RULES, Settings
from csvagent_jupyter.tasks.workshop import Rules
from csvagent_jupyter.translations import LANGUAGES
from csvagent_jupyter.translations.sandbox import TEXTS

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def test_what_is_set_in_a_configuration_file_reaches_the_rules() -> None:
    config = Config()
    config.Settings.update({"max_attempts": 2, "run_tokens": 10, "session_cost": 0.5, "owner_tokens": 7})
    rules = Settings(config=config).rules
    assert rules.max_attempts == 2
    assert (rules.run_budget, rules.session_budget) == (Budget(tokens=10), Budget(cost=0.5))
    assert rules.owner_budget == Budget(tokens=7)


def test_nothing_set_gives_the_rules_own_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CSVAGENT_SHARE", raising=False)
    assert Settings().rules == Rules()


def test_every_rule_is_a_setting_that_can_be_configured() -> None:
    configurable = Settings.class_traits(config=True)
    assert set(RULES) <= configurable.keys()
    assert all(configurable[name].help for name in configurable)


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_attempts", 0), ("max_attempts", 21), ("timeout", 0.5), ("share", "all"), ("minimum_isolation", "none")],
)
def test_a_setting_out_of_bounds_is_refused(name: str, value: object) -> None:
    with pytest.raises(TraitError):
        Settings(**{name: value})


@pytest.mark.parametrize(("value", "share"), [("", None), ("stats", "stats"), (" Schema ", "schema")])
def test_the_environment_says_what_may_be_shared(
    monkeypatch: pytest.MonkeyPatch, value: str, share: str | None
) -> None:
    monkeypatch.setenv("CSVAGENT_SHARE", value)
    assert Settings().rules.share == share


def test_a_misspelt_share_shares_least_and_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CSVAGENT_SHARE", "shema")
    settings = Settings(log=logging.getLogger("csvagent-test"))
    assert settings.rules.share == "schema"
    assert "shema" in caplog.text


def page_rows() -> dict[str, list[str]]:
    """The rows of the settings page's tables by the setting's name."""
    rows = re.findall(r"^\| `(\w+)` \|(.+)\|$", PAGE.read_text("utf-8"), re.M)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def in_bytes(text: str) -> int:
    value, _, unit = text.partition(" ")
    return int(value) * {"": 1, "MiB": 2**20, "GiB": 2**30}[unit]


@pytest.mark.parametrize("limit", [field.name for field in fields(Limits)])
def test_every_limit_is_a_setting_with_a_text_and_a_row_on_the_page(limit: str) -> None:
    name = f"kernel_{limit}"
    trait: Any = Settings.class_traits(config=True)[name]
    default, least = getattr(Limits(), limit), trait.min
    assert trait.default_value == default >= least > 0 and trait.help
    assert [in_bytes(cell) for cell in page_rows()[name][:2]] == [default, least]
    config = Config()
    config.CSVAgentManager[name] = default + 7
    assert CSVAgentManager(config=config).kernel_limits == replace(Limits(), **{limit: default + 7})
    if limit == "threads":  # a library's pool has that size: nobody runs into it, so there is nothing to say
        assert LimitHit(limit, default).key.removeprefix("sandbox.") not in TEXTS
    else:
        for language in LANGUAGES:
            assert f"c.CSVAgentManager.{name}" in LimitHit(limit, default).say(language)
    with pytest.raises(TraitError):
        Settings(**{name: least - 1})


def test_the_outer_layer_is_a_setting_and_left_to_the_environment_unless_set() -> None:
    assert Settings().kernel_outer_layer is None and "kernel_outer_layer" in page_rows()
    config = Config()
    config.CSVAgentManager.kernel_outer_layer = "required"
    assert CSVAgentManager(config=config).kernel_outer_layer == "required"
    with pytest.raises(TraitError):
        Settings(kernel_outer_layer="docker")


def test_the_folder_is_in_jupyters_unless_another_is_set(tmp_path: Path) -> None:
    assert Settings().folder == Path(jupyter_data_dir()) / "csvagent"
    assert Settings(data_folder=str(tmp_path)).folder == tmp_path
    assert Settings(data_folder="~/kept").folder == Path.home() / "kept"
