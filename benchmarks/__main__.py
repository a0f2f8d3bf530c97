"""``python -m benchmarks [NAME ...] [options]``: run the named ones; without a name, list them."""

import importlib
import pkgutil
import sys
from pathlib import Path


def found() -> dict[str, str]:
    """Every module here that has a ``main``, with the first line of its description."""
    names = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = {n: importlib.import_module(f"benchmarks.{n}") for n in names if n != "__main__"}
    return {
        name: (module.__doc__ or "").splitlines()[0]
        for name, module in modules.items()
        if hasattr(module, "main")
    }


def main() -> int:
    """Run what was named."""
    known = found()
    named = [word for word in sys.argv[1:] if word in known]
    options = [word for word in sys.argv[1:] if word not in known]
    if not named:
        print("benchmarks:")
        for name, text in known.items():
            print(f"  {name:16} {text}")
        return 0
    for name in named:
        importlib.import_module(f"benchmarks.{name}").main(options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
