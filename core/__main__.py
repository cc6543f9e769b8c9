"""Entry point of the command line, `python -m core …`; the commands are defined in `core.cli`."""

import sys

if __name__ == "__main__":
    try:
        from core.cli.app import app
    except ModuleNotFoundError as error:
        sys.exit(f"The package {error.name} is not installed. Run: python -m pip install -r requirements.txt")
    app()
