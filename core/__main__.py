"""The door of the command line: `python -m core …`; the commands stand in `core.cli`."""

import sys

if __name__ == "__main__":
    try:
        from core.cli.app import app
    except ModuleNotFoundError as error:
        sys.exit(
            f"Expected the package {error.name} to be installed; got none: python -m pip install -r requirements.txt"
        )
    app()
