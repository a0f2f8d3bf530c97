"""Print the oldest versions that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from pathlib import Path

__all__ = ["EXTRAS", "constraints"]

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
EXTRAS = ("runner", "cluster", "synth", "lsl")


def constraints() -> str:
    """Return a line ``name==lowest`` for every dependency of the package and of its extras."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = [line for name in EXTRAS for line in project["optional-dependencies"][name]]
    return "".join(f"{_oldest(line)}\n" for line in (*project["dependencies"], *extras))


def _oldest(requirement: str) -> str:
    found = re.match(r"([\w.-]+)>=([\w.]+)", requirement)
    if found is None:
        raise ValueError(f"pyproject.toml: {requirement!r} gives no lowest version")
    return f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    print(constraints(), end="")
