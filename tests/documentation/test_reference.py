"""The generated pages of docs/reference/ are up to date and complete."""

import re
from typing import Any, get_args

import pytest
from jinja2 import meta, nodes

from feedsvc.cli.settings import VARIABLE_NAMES
from feedsvc.content.schema import models
from feedsvc.content.schema.json_schema import SCHEMA_NAMES
from feedsvc.editing.newsroom import FILE_PATTERNS
from feedsvc.errors import Rule
from feedsvc.pages import Theme
from feedsvc.pages.theme import builtin_environment, builtin_template_names
from feedsvc.pages.theme_check_process import page_renderers, sample_catalogs
from tests import ROOT
from tests.documentation.reference import FOLDER, PAGES, UPDATE_COMMAND
from tests.documentation.reference.commands import all_commands, commands_page
from tests.documentation.reference.files import files_page
from tests.documentation.reference.templates import COMMON_VARIABLES, FUNCTIONS, VARIABLES, block_templates, variables_of
from tests.documentation.reference.variables import OTHER_VARIABLES, variables_page


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), f"run {UPDATE_COMMAND}"


def _values_by_key(text: str) -> dict[str, str]:
    """Return the value column of each row by its key; rows without a meaning are left out."""
    return dict(re.findall(r"^\| `([\w.\[\]]+)` \| ([^|]+) \| \S", text, re.MULTILINE))


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_the_reference_of_keys_has_a_section_for_each_file(name: str) -> None:
    assert f"\n## {FILE_PATTERNS[name]}\n" in files_page()


@pytest.mark.parametrize("model", sorted(name for name in vars(models) if name.endswith("Keys") and name[0] != "_"))
def test_the_reference_describes_each_key_of_a_model(model: str) -> None:
    keys = {name.rpartition(".")[2] for name in _values_by_key(files_page())}
    assert {field.alias or name for name, field in getattr(models, model).model_fields.items()} - keys == set()


def test_the_reference_of_commands_has_every_option() -> None:
    sections = commands_page().split("\n## ")[1:]
    commands = {one.name: one for one in all_commands()}
    assert [section.partition("\n")[0] for section in sections] == list(commands)
    for section in sections:
        for option in commands[section.partition("\n")[0]].options:
            assert f"`{option.opts[0]}`" in section
    assert "| `--port` | `FEEDSVC_PORT` | whole number, 0 to 65535; default `8000` |" in commands_page()
    assert "| `--announce`, `--no-announce` | `FEEDSVC_ANNOUNCE` | flag |" in commands_page()


def test_the_reference_of_variables_has_those_of_options_and_those_that_the_program_reads() -> None:
    page = variables_page()
    assert [name for name in VARIABLE_NAMES if f"\n| `{name}` |" not in page] == []
    read = {
        name
        for file in (ROOT / "feedsvc").rglob("*.py")
        for name in re.findall(r'os\.environ(?:\.get\(|\[)"([A-Z_]+)"', file.read_text("utf-8"))
    }
    assert read >= {"NO_COLOR", "XDG_STATE_HOME"}
    assert [name for name in read if f"`{name}`" not in page] == []
    assert "FEEDSVC_WATCHDOG" in OTHER_VARIABLES


def test_the_page_of_check_describes_each_rule_and_each_rule_has_a_warning() -> None:
    page = (FOLDER / "check.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \| \S", page, re.MULTILINE) == [*get_args(Rule)]
    sources = "".join(file.read_text("utf-8") for file in (ROOT / "feedsvc").rglob("*.py") if file.name != "errors.py")
    assert [rule for rule in get_args(Rule) if f'"{rule}"' not in sources] == []


class RecordingTheme(Theme):
    """The built-in theme, which also records the names of the variables that each template gets."""

    def __init__(self) -> None:
        super().__init__({})
        self.names: dict[str, set[frozenset[str]]] = {}

    def render(self, template: str, variables: Any, render_once: Any) -> bytes:
        self.names.setdefault(template, set()).add(frozenset(variables))
        return super().render(template, variables, render_once)


def test_the_reference_of_templates_has_the_variables_that_templates_get() -> None:
    theme = RecordingTheme()
    for catalog in sample_catalogs():
        for _, render in page_renderers(catalog, theme, [*catalog.listings.values()]):
            render()
    common = {name for own in COMMON_VARIABLES for name in variables_of(own)}
    assert theme.names == {name: {frozenset(common | set(variables_of(own)))} for name, own in VARIABLES.items()}


@pytest.mark.parametrize("name", sorted(builtin_template_names()))
def test_the_reference_has_each_variable_that_a_built_in_template_uses(name: str) -> None:
    environment = builtin_environment()
    assert environment.loader
    source, _, _ = environment.loader.get_source(environment, name)
    page = block_templates().get(name, name)
    documented = {variable for own in (*COMMON_VARIABLES, *filter(None, [VARIABLES.get(page)])) for variable in variables_of(own)}
    page_source, _, _ = environment.loader.get_source(environment, page)
    documented |= {macro.name for macro in environment.parse(page_source).find_all(nodes.Macro)}
    tree = environment.parse(source)
    own_names = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "store"}
    own_names |= {one.target for one in tree.find_all(nodes.Import)} | {one.name for one in tree.find_all(nodes.Macro)}
    assert meta.find_undeclared_variables(tree) - {*documented, *FUNCTIONS, *own_names} == set()
