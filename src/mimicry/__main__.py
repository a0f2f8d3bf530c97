"""``python -m mimicry`` is the ``mimicry`` command."""

from mimicry.cli import main

if __name__ == "__main__":
    main()
