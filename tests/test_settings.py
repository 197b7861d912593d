"""What can be set, and how it reaches a run."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_data_dir
from traitlets import TraitError
from traitlets.config import Config

from csvagent_jupyter.messages import Budget
from csvagent_jupyter.settings import RULES, Settings
from csvagent_jupyter.tasks.workshop import Rules


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


def test_the_folder_is_in_jupyters_unless_another_is_set(tmp_path: Path) -> None:
    assert Settings().folder == Path(jupyter_data_dir()) / "csvagent"
    assert Settings(data_folder=str(tmp_path)).folder == tmp_path
    assert Settings(data_folder="~/kept").folder == Path.home() / "kept"
