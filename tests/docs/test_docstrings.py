"""Every example of a docstring gives what stands below it."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import mimicry

SOURCE = Path(mimicry.__file__).parent
MODULES = sorted(
    ".".join(("mimicry", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_hold(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(import_module(module))
    assert result.attempted, "the examples stand where doctest does not look"
    assert not result.failed, capsys.readouterr().out


def test_a_wrong_example_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(MODULES) >= 40
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner().run(wrong).failed == 1
