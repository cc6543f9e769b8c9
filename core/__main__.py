"""The entry point of the command line, `headroom` and `python -m core`; the commands are in `core.cli`."""

import gc
import os
import sys


def main() -> None:
    """Run the command line, or name the package that is missing."""
    gc.set_threshold(100_000, 20, 20)  # collections during the imports, which free nothing, take 40 ms
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")  # the search for them takes 15 ms
    try:
        from core.cli.app import app
    except ModuleNotFoundError as error:
        sys.exit(f"The package {error.name} is not installed. Run: python -m pip install -r requirements.txt")
    app()


if __name__ == "__main__":
    main()
