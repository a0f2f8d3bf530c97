"""Every page is reachable from the README, and what it names is there."""

import re
from itertools import chain
from pathlib import Path

import pytest
import typer
from doc_pages import DOCS, PAGES, README, anchors, command_lines, links, name

from mimicry.cli import app


def reachable(start: Path) -> set[Path]:
    """Return the pages that links lead to; a link to a folder leads to its pages."""
    seen, waiting = set(), [start]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for target, _ in links(page):
            waiting += target.glob("*.md") if target.is_dir() else [target]
            waiting = [p for p in waiting if p.suffix == ".md" and p.is_file()]
    return seen


def test_every_page_can_be_reached() -> None:
    assert sorted(name(page) for page in set(DOCS) - reachable(README)) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_and_anchors_lead_somewhere(page: Path) -> None:
    lost = [str(file) for file, _ in links(page) if not file.exists()]
    lost += [
        f"{file.name}#{anchor}"
        for file, anchor in links(page)
        if anchor and file.suffix == ".md" and file.exists() and anchor not in anchors(file)
    ]
    assert lost == []


def faults(line: str) -> list[str]:
    """Return what a command line names that does not exist.

    A line may name several commands of a group (``mimicry protocol list, show``), and its
    options may stand in brackets.
    """
    words = line.split()[1:]
    first = words[0].strip(",:")
    if not re.fullmatch("[a-z]+", first):
        return []
    commands = typer.main.get_command(app).commands
    if first not in commands:
        return [f"no command {first}"]
    inner = getattr(commands[first], "commands", {})
    named = re.match(r"\w+((?:[, ]+[a-z]+(?=,|$))*(?: [a-z]+)?)", " ".join(words))
    listed = re.findall("[a-z]+", named[1] if named and inner else "")
    if lost := [f"no command {first} {name}" for name in listed if name not in inner]:
        return lost
    meant = [inner[name] for name in listed] or [commands[first]]
    options = [(*p.opts, *p.secondary_opts) for command in meant for p in command.params]
    known = {"--help", *chain.from_iterable(options)}
    given = re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)
    return [f"no option {o} of {' '.join((first, *listed))}" for o in given if o not in known]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    assert [f"{line}: {f}" for line in command_lines(page) for f in faults(line)] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("mimicry scroe face.mp4", "no command scroe"),
        ("mimicry score face.mp4 --event e.tsv", "no option --event of score"),
        ("mimicry protocol lst", "no command protocol lst"),
        ("mimicry protocol list, shw", "no command protocol shw"),
        ("mimicry stimuli list [--emotoin happy] [--json]", "no option --emotoin of stimuli list"),
    ],
)
def test_a_command_line_that_is_wrong_is_seen(line: str, problem: str) -> None:
    assert faults(line) == [problem]
