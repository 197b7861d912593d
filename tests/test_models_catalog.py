from __future__ import annotations

import asyncio
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from model_server import KEY, ScriptedServer

from csvagent_jupyter.exceptions import BadInput, ModelRefused
from csvagent_jupyter.models import catalog
from csvagent_jupyter.models.base import Price
from csvagent_jupyter.models.catalog import BUILT_IN, available_models, choose_model, open_model, providers
from csvagent_jupyter.models.replay import ReplayModel

ROOT = Path(__file__).parent.parent
NO_OLLAMA = {"OLLAMA_HOST": "127.0.0.1:9"}


def test_a_model_is_opened_by_its_name(model_server: ScriptedServer) -> None:
    environ = model_server.environ()
    for name in ("openrouter:lab/coder:free", "ollama:qwen2.5-coder:7b", "anthropic:claude", "openai:gpt"):
        model = open_model(name, environ=environ)
        assert model.name == name
        assert not model.found and not model.local
    assert open_model(" OpenAI : gpt ", environ=environ).name == "openai:gpt"
    assert open_model("openai:m", environ=environ, found=True, price=Price(1, 2)).found
    assert open_model("openai:m", environ=environ, price=Price(1, 2)).price == Price(1, 2)


@pytest.mark.parametrize("provider", [name for name, about in BUILT_IN.items() if about.variables])
def test_the_defaults_shown_are_the_defaults_used(provider: str) -> None:
    about = BUILT_IN[provider]
    assert open_model(provider, environ={about.variables[0]: KEY}).name == about.default


@pytest.mark.parametrize(
    ("written", "near"), [("opnai:x", "openai"), ("antropic", "anthropic"), ("oflline", "offline")]
)
def test_an_unknown_provider_is_told_with_a_near_one(written: str, near: str) -> None:
    with pytest.raises(BadInput, match=f"Did you mean “{near}”") as caught:
        open_model(written, environ={})
    assert all(name in caught.value.say("ru") for name in BUILT_IN)


@pytest.mark.parametrize("written", ["gpt-4o", "{x}:{0}", "", "  ", ":x"])
def test_any_other_name_is_told_with_the_known_ones(written: str) -> None:
    with pytest.raises(BadInput) as caught:
        open_model(written, environ={})
    for language in ("en", "ru"):
        assert all(name in caught.value.say(language) for name in BUILT_IN)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"OPENROUTER_API_KEY": KEY, "OPENAI_API_KEY": KEY}, "openrouter:qwen/qwen3-coder"),
        ({"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}, "openai:gpt-5.4-mini"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "openai:"),
        ({"ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": " "}, "anthropic:claude-sonnet-5-5"),
    ],
)
async def test_the_first_key_decides_and_the_model_is_only_found(environ: dict[str, str], name: str) -> None:
    model = await choose_model({**NO_OLLAMA, **environ})
    assert model.name == name
    assert model.found


async def test_a_chosen_model_goes_before_every_key(model_server: ScriptedServer) -> None:
    model = await choose_model({**model_server.environ(), "CSVAGENT_MODEL": "anthropic:claude-test"})
    assert model.name == "anthropic:claude-test"
    assert not model.found
    with pytest.raises(ModelRefused, match="ANTHROPIC_API_KEY"):
        await choose_model({"CSVAGENT_MODEL": "anthropic"})


async def test_a_running_ollama_comes_after_the_keys(model_server: ScriptedServer) -> None:
    model_server.models[:] = ["mxbai-embed-large", "qwen:7b"]
    model = await choose_model({"OLLAMA_HOST": model_server.environ()["OLLAMA_HOST"]})
    assert model.name == "ollama:qwen:7b"
    assert not model.found


async def test_with_nothing_set_the_built_in_engine_answers() -> None:
    model = await choose_model(NO_OLLAMA)
    assert model.name == "offline"
    assert model.local and not model.found


async def test_a_port_that_is_not_ollama_does_not_hold_up_the_choice() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        assert await catalog.ollama_models({"OLLAMA_HOST": f"127.0.0.1:{port}"}) is None
    assert await catalog.ollama_models({"OLLAMA_HOST": "http://["}) is None
    assert await catalog.ollama_models(NO_OLLAMA) is None


async def test_the_list_says_what_is_ready_and_what_each_needs(model_server: ScriptedServer) -> None:
    environ = {"OPENAI_API_KEY": KEY, **NO_OLLAMA}
    choices = {choice.name: choice for choice in await available_models(environ)}
    ready = [name for name, choice in choices.items() if choice.ready]
    assert ready == ["openai:gpt-5.4-mini", "offline"]
    assert list(choices)[:2] == ready
    assert choices["anthropic:claude-sonnet-5-5"].say("ru") == "задайте ANTHROPIC_API_KEY"
    assert "Ollama" in choices["ollama:qwen2.5-coder:7b"].say("en")
    assert all(choice.say(language) for choice in choices.values() for language in ("en", "ru"))
    assert KEY not in repr(choices)


async def test_models_of_running_servers_are_listed_by_name(model_server: ScriptedServer) -> None:
    model_server.models[:] = ["one", "two"]
    environ = {"OPENAI_BASE_URL": f"{model_server.url}/v1", "OLLAMA_HOST": model_server.environ()["OLLAMA_HOST"]}
    ready = [choice.name for choice in await available_models(environ) if choice.ready]
    assert ready == ["openai", "openai:one", "openai:two", "ollama:one", "ollama:two", "offline"]
    environ["CSVAGENT_MODEL"] = "nowhere:x"
    chosen = next(choice for choice in await available_models(environ) if choice.name == "nowhere:x")
    assert not chosen.ready and "nowhere" in chosen.say("en")


def test_the_entry_points_of_the_package_are_the_built_in_providers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["entry-points"][catalog.GROUP]
    package = "csvagent_jupyter.models."
    assert declared == {name: package + about.factory for name, about in BUILT_IN.items()}
    for name in declared:
        module, _, factory = declared[name].partition(":")
        assert callable(getattr(import_module(module), factory))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two installed packages that bring providers, one of them broken."""
    (tmp_path / "acme_models.py").write_text(
        "from csvagent_jupyter.models.replay import ReplayModel\n"
        "def acme(model, environ):\n    return ReplayModel(['hi'], name=f'acme:{model}')\n",
        encoding="utf-8",
    )
    about = tmp_path / "acme_models-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-models\nVersion: 1.0\n", encoding="utf-8")
    points = f"[{catalog.GROUP}]\nacme = acme_models:acme\nbroken = no_such_module:x\nopenai = acme_models:acme\n"
    (about / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    catalog._installed.cache_clear()
    yield
    catalog._installed.cache_clear()


@pytest.mark.usefixtures("installed")
async def test_other_packages_add_providers_and_cannot_replace_ours() -> None:
    assert {"acme", "broken"} <= set(providers())
    model = open_model("acme:m1", environ={})
    assert isinstance(model, ReplayModel) and model.name == "acme:m1"
    with pytest.raises(ModelRefused, match="OPENAI_API_KEY"):
        open_model("openai:x", environ={})
    with pytest.raises(BadInput, match="cannot be loaded"):
        open_model("broken:x", environ={})
    assert "acme" in [choice.name for choice in await available_models(NO_OLLAMA)]


def test_the_catalogue_is_light_to_import() -> None:
    code = "import sys, csvagent_jupyter.models.catalog; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"
