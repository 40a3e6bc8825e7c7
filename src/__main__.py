"""``python -m lineman`` is the command ``lineman``."""

from .adapters.cli.main import main

if __name__ == "__main__":
    main()
