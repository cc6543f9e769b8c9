"""`import`: import runs that were trained elsewhere, and bundles."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli.added_runs import print_imported
from core.home import Home


def import_run(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Bundles, CSV or NPZ files of predictions, CSVLogger files, TensorBoard event files or folders, run "
            "folders of MLflow, or runs:/ID with --tracking-uri. A file of curves and one of predictions are one run.",
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the model. Default: name of the file.")] = "",
    classes: Annotated[str, typer.Option(help="Names of the classes in order, separated by commas.")] = "",
    data: Annotated[str, typer.Option(help="Name of the dataset, to show its images if its labels are equal.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, max=2**31 - 1, help="Seed of the run.")] = None,
    library: Annotated[str, typer.Option(help="Library that trained the model, such as 'torch 2.9'.")] = "",
    logits: Annotated[
        bool, typer.Option("--logits", help="The files contain logits instead of probabilities.")
    ] = False,
    tracking_uri: Annotated[
        str, typer.Option(envvar="MLFLOW_TRACKING_URI", metavar="URI", help="MLflow server of runs:/ID.")
    ] = "",
    models: Annotated[
        bool, typer.Option("--models", help="Import the models of bundles too. Only from a source you trust.")
    ] = False,
) -> None:
    """Import runs that were trained elsewhere, print what they contain, and their IDs on standard output.

    If a file is invalid, its runs are not imported.
    """
    from core.importers.run_import import ImportOptions, import_files

    options = ImportOptions(
        name=name, classes=tuple(part.strip() for part in classes.split(",") if part.strip()), data=data, seed=seed,
        library=library, logits=logits, models=models, tracking_uri=tracking_uri,
    )  # fmt: skip
    print_imported(Home.default(), import_files(Home.default(), files, options))
