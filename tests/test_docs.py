"""The docs are true: what they name exists, and what exists they name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli import monitor
from monitor.cli.base import App
from monitor.i18n import language
from scrapers.registry import sources

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path: path.read_text(encoding="utf-8") for path in DOCS}


def commands(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield (*names, name)


def written() -> Iterator[tuple[str, str]]:
    """Every call of the program in the docs: in blocks of code, and in code within a sentence."""
    for path, text in TEXTS.items():
        blocks = "\n".join(re.findall(r"^```$(.*?)^```$", text, re.MULTILINE | re.DOTALL))
        for code in [*re.findall(r"`([^`\n]+)`", text), *blocks.splitlines()]:
            found = re.search(r"(?:^|[ /])monitor ((?:[a-z].*)|--help)$", code.split("  #")[0].split("||")[0].strip())
            if found and "[" not in found[1]:
                yield path.name, found[1]


def test_the_readme_opens_with_the_two_commands() -> None:
    readme = TEXTS[ROOT / "README.md"]
    assert re.findall(r"^make \w+$", readme, re.MULTILINE)[:2] == ["make demo", "make test"]


def test_every_make_target_that_the_docs_name_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for text in TEXTS.values() for target in re.findall(r"(?:`|^)make (\w+)", text, re.MULTILINE)}
    assert named <= targets
    assert targets - named <= {"clean"}, "a target that no page names"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", TEXTS[path]) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize(("where", "call"), sorted(set(written())))
def test_every_call_in_the_docs_is_one_that_the_program_takes(where: str, call: str) -> None:
    words = [word for word in shlex.split(call) if not word.isupper()]
    command: click.Command = monitor
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    options = {name for param in command.params for name in param.opts} | {"--help"}
    assert {word for word in words if word.startswith("--")} <= options, f"{where}: monitor {call}"


def test_every_command_is_documented() -> None:
    text = TEXTS[ROOT / "docs" / "commands.md"]
    assert [name for name in map(" ".join, commands(monitor)) if f"`monitor {name}`" not in text] == []


def test_every_source_is_documented_with_its_terms() -> None:
    text = TEXTS[ROOT / "docs" / "sources.md"]
    for slug, source in sources().items():
        assert f"| `{slug}` |" in text
        assert source.homepage in text


def test_every_example_in_a_help_is_a_call_that_the_program_takes() -> None:
    def check(command: click.Command) -> None:
        example = str(getattr(command, "example", ""))
        words = shlex.split(re.split(r" [|>]| \|\| ", example)[0])
        assert words[0] == "monitor", command.name
        context = click.Context(monitor, obj=App(language("en")))
        called: click.Command = monitor
        rest = words[1:]
        while isinstance(called, click.Group) and rest:
            called = called.commands[rest.pop(0)]
        assert called is command or isinstance(command, click.Group)
        if not isinstance(called, click.Group):
            called.make_context(
                "monitor", [str(ROOT) if word == "../samples" else word for word in rest], parent=context
            )
        if isinstance(command, click.Group):
            for one in command.commands.values():
                check(one)

    check(monitor)


def test_the_number_of_sources_is_told_as_it_is() -> None:
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md"):
        assert f" {len(sources())} sources" in path.read_text(encoding="utf-8"), path.name
