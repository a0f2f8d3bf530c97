"""docs/synchrony.md says what the registries of methods and nulls hold."""

import re
from pathlib import Path

import pytest

from mimicry.synchrony.methods import METHODS, NULLS

PAGE = Path(__file__).parents[2] / "docs" / "synchrony.md"


def linked(source):
    return re.sub(r"doi (10\.\S+?)(?=[;,)]? |$|[;,)]$)", r"[doi](https://doi.org/\1)", source)


def row(*cells):
    return f"| {' | '.join(cells)} |"


def with_lags():
    yield row("preset", "question", "a value is", "settings", "source")
    for name, method in METHODS.items():
        chosen = method.settings
        if chosen.method:
            numbers = chosen.numbers()
            yield row(
                f"`{name}`", chosen.question, method.value_name, numbers, linked(chosen.source)
            )


def without_lags():
    yield row("preset", "series", "question", "settings", "surrogates", "source")
    for name, method in METHODS.items():
        chosen = method.settings
        if not chosen.method:
            surrogates = str(chosen.surrogates) if method.nulls else "none"
            numbers = chosen.numbers()
            yield row(
                f"`{name}`", chosen.series, chosen.question, numbers, surrogates,
                linked(chosen.source),
            )  # fmt: skip


def nulls():
    yield row("null", "one surrogate", "question", "wrong when")
    for null in NULLS.values():
        yield row(f"`{null.name}`", null.surrogate, null.question, null.wrong_when)


def table(rows):
    head, *body = rows
    return "\n".join([head, "|" + "---|" * (head.count("|") - 1), *body]) + "\n"


@pytest.mark.parametrize("rows", [with_lags, without_lags, nulls])
def test_the_tables_of_the_page_are_those_of_the_registry(rows):
    assert table(rows()) in PAGE.read_text(encoding="utf-8")
