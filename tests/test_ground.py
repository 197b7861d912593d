"""What holds the project together: texts in both languages, light imports, honest documentation, a whole package."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
import string
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution, version
from pathlib import Path

import pytest

import csvagent_jupyter
from csvagent_jupyter import translations
from csvagent_jupyter.exceptions import CSVAgentError

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "csvagent_jupyter"
CATALOGUES = sorted(module.name for module in pkgutil.iter_modules(translations.__path__))
SOURCES = sorted(path for path in PACKAGE.rglob("*.py"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

HEAVY = {
    *("IPython", "PIL", "duckdb", "httpx", "ipykernel", "ipywidgets", "jupyter_client"),
    *("matplotlib", "numpy", "pandas", "polars", "pyarrow", "scipy", "sqlite3", "zmq"),
}


# --- texts ----------------------------------------------------------------------------------------------------------


def placeholders(template: str) -> dict[str, list[int]]:
    """The names that a template fills in, and the numbers of plural forms it has for each."""
    found: dict[str, list[int]] = {}
    for _, name, spec, _ in string.Formatter().parse(template):
        if name is not None:
            forms = found.setdefault(re.split(r"[.\[]", name)[0], [])
            if spec and "|" in spec:
                forms.append(spec.count("|") + 1)
    return found


def faults(english: str, russian: str) -> Iterator[str]:
    """What is wrong with the two templates of one text."""
    if placeholders(english).keys() != placeholders(russian).keys():
        yield "the two fill in different values"
    if any(forms != 2 for counts in placeholders(english).values() for forms in counts):
        yield "an English plural has two forms"
    if any(forms != 3 for counts in placeholders(russian).values() for forms in counts):
        yield "a Russian plural has three forms"
    if not english.strip() or not russian.strip():
        yield "one is empty"
    if re.search(r"[\u0400-\u04ff]", english):
        yield "the English one has Cyrillic letters"
    if "!" in re.sub(r"\{[^}]*\}", "", english + russian):
        yield "calm texts have no exclamation marks"


@pytest.mark.parametrize("room", CATALOGUES)
def test_every_text_is_there_in_both_languages_with_the_same_values(room: str) -> None:
    found = {key: list(faults(*pair)) for key, pair in translations.catalogue(room).items()}
    assert {key: wrong for key, wrong in found.items() if wrong} == {}


def test_a_faulty_text_is_noticed() -> None:
    assert list(faults("{rows:row|rows}", "{row:строка|строки}")) == [
        "the two fill in different values",
        "a Russian plural has three forms",
    ]
    assert list(faults("", "Да!")) == ["one is empty", "calm texts have no exclamation marks"]


def said_keys() -> Iterator[tuple[str, str]]:
    """Every key that the code says or raises by a literal, and where."""
    errors = {cls.__name__ for cls in _tree(CSVAgentError)}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                key = node.args[0].value
                if isinstance(key, str) and (name == "say" or name in errors) and "." in key:
                    yield key, f"{path.relative_to(ROOT)}:{node.lineno}"


def _tree(cls: type[CSVAgentError]) -> Iterator[type[CSVAgentError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _tree(child)


def test_every_key_that_is_said_has_a_text() -> None:
    known = {f"{room}.{key}" for room in CATALOGUES for key in translations.catalogue(room)}
    said = list(said_keys())
    assert said
    assert [f"{where}: {key}" for key, where in said if key not in known] == []


# --- imports --------------------------------------------------------------------------------------------------------


def loaded_after(code: str) -> set[str]:
    """The top names in sys.modules after running code in a fresh interpreter."""
    report = f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(run.stdout.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert loaded_after("import csvagent_jupyter") & HEAVY == set()


def test_loading_the_magic_imports_nothing_that_a_notebook_has_not() -> None:
    shell = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()"
    load = "shell.run_line_magic('load_ext', 'csvagent_jupyter')"
    assert (loaded_after(f"{shell}\n{load}") - loaded_after(shell)) & HEAVY == set()


def test_the_public_names_are_there() -> None:
    for name in csvagent_jupyter.__all__:
        assert getattr(csvagent_jupyter, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        csvagent_jupyter.nonsense  # noqa: B018


# --- the package ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel as `make build` makes it, from the extension that was built before the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        env={**os.environ, "HATCH_JUPYTER_BUILDER_SKIP_NPM": "1"},
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_has_the_extension_the_types_and_every_module(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    shared = "csvagent_jupyter-{}.data/data/share/jupyter/labextensions/csvagent-jupyter/".format(
        version("csvagent-jupyter")
    )
    for needed in ("install.json", "package.json", "static/style.js", "schemas/csvagent-jupyter/ask.json"):
        assert shared + needed in names
    assert any(name.startswith(shared + "static/remoteEntry.") for name in names)
    assert "csvagent_jupyter/py.typed" in names
    assert {str(path.relative_to(ROOT)) for path in SOURCES} <= set(names)
    assert not any("node_modules" in name or name.startswith("tests/") for name in names)


def test_every_entry_point_leads_somewhere() -> None:
    ours = distribution("csvagent-jupyter").entry_points
    assert {entry.name for entry in ours} >= {"csvagent", "csvagent-sandbox", "openai", "anthropic", "offline"}
    for entry in ours:
        assert callable(entry.load())


def test_constraints_name_versions_and_no_places() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []
    pinned = {line.partition("==")[0] for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.split(r"[\[<>=~!;\s]", requirement)[0] for requirement in wanted} - {"csvagent-jupyter"}
    assert names <= pinned


@pytest.mark.parametrize("name", ["labextension/yarn.lock", "constraints.txt", "labextension/package.json"])
def test_no_file_names_a_registry(name: str) -> None:
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")


# --- the documentation ----------------------------------------------------------------------------------------------

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUSSIAN = (ROOT / "docs" / "README.ru.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
OURS = re.compile(r"(CSVAGENT|OPENAI|OPENROUTER|ANTHROPIC|OLLAMA|JUPYTERHUB|REDIS|SESSION)_[A-Z_]+")


def test_every_setting_is_documented_and_no_other() -> None:
    from csvagent_jupyter.manager import CSVAgentManager

    table = SETTINGS.partition("## Environment variables")[0]
    documented = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert documented == set(CSVAgentManager.class_traits(config=True)) - {"log"}


def test_every_environment_variable_is_documented() -> None:
    used = {
        node.value
        for path in SOURCES
        if "sandbox" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OURS.fullmatch(node.value)
    }
    assert "CSVAGENT_MODEL" in used
    assert {name for name in used if f"`{name}`" not in SETTINGS} == set()


@pytest.mark.parametrize("text", [README, RUSSIAN], ids=["en", "ru"])
def test_every_option_and_word_is_documented(text: str) -> None:
    from csvagent_jupyter.cli.arguments import COMMANDS, help_text
    from csvagent_jupyter.magics.options import OPTIONS
    from csvagent_jupyter.magics.words import WORDS

    on_the_command_line = set(re.findall(r"--[\w-]+", " ".join(help_text(each, "en") for each in COMMANDS))) - {
        "--help"
    }
    in_a_cell = {option.name for option in OPTIONS}
    assert in_a_cell - on_the_command_line == {"--as", "--insert", "--background"}
    assert {option for option in in_a_cell | on_the_command_line if f"`{option}" not in text} == set()
    assert {word for word in WORDS if word != "help" and f"`%csvagent {word}" not in text} == set()
    assert {command for command in COMMANDS if f"csvagent {command}" not in text} == set()
    assert set(re.findall(r"^    csvagent (\w+)", text, re.M)) <= set(COMMANDS)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_points_to_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"^    make (\w+)|`make (\w+)`", text, re.M)) <= {
        pair for name in targets for pair in ((name, ""), ("", name))
    }
    for link in re.findall(r"\]\((?!https://)([^)#]+)\)", text):
        assert (path.parent / link).exists(), link


def test_the_readme_names_every_module_on_the_way_down() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    way = README.partition("## How a question travels")[2].partition("\n## ")[0]
    for module in re.findall(r"\w+", " ".join(layers)):
        assert re.search(rf"\b{module}\b", way), module


# --- the example files ----------------------------------------------------------------------------------------------


def test_the_example_files_are_what_their_script_writes(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        make_data = importlib.import_module("make_data")
    finally:
        sys.path.remove(str(ROOT / "examples"))
    make_data.main(tmp_path)
    for name in make_data.FILES:
        assert (ROOT / "examples" / name).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda path: path.name)
def test_the_example_notebooks_are_kept_without_outputs(path: Path) -> None:
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []
