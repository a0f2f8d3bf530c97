"""Print the oldest versions that pyproject.toml allows, as constraints for pip.

Used by ``.ci/run``: ``pip install -c`` with what this prints installs the oldest allowed versions.
"""

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
EXTRAS = ("runner", "cluster", "synth", "lsl")


def oldest(requirement: str) -> str:
    """Return ``name==lowest`` for a requirement ``name>=lowest,<bound``."""
    found = re.match(r"([\w.-]+)\s*>=\s*([\w.]+)", requirement)
    if found is None:
        raise ValueError(f"pyproject.toml: {requirement!r} gives no lowest version")
    return f"{found[1]}=={found[2]}"


def main() -> None:
    """Print one line for every dependency of the package and of its extras."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = [r for name in EXTRAS for r in project["optional-dependencies"][name]]
    print("\n".join(oldest(r) for r in (*project["dependencies"], *extras)))


if __name__ == "__main__":
    main()
