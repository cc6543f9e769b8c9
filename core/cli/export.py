"""`export`: finished runs for other people's tools."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli.output import print_message
from core.home import Home

app = typer.Typer(no_args_is_help=True, help="Show finished runs in MLflow or TensorBoard.")

RunIds = Annotated[list[str], typer.Argument(metavar="RUN_ID...", help="Ids of runs, or how they begin.")]


@app.command()
def mlflow(
    run_ids: RunIds,
    uri: Annotated[
        str,
        typer.Option(
            "--tracking-uri", envvar="MLFLOW_TRACKING_URI", metavar="URI", help="Such as http://localhost:5000."
        ),
    ],
    experiment: Annotated[str, typer.Option(help="The experiment there, made where there is none.")] = "Headroom",
    models: Annotated[bool, typer.Option("--models", help="With the trained models.")] = False,
) -> None:
    """Send finished runs to MLflow with their curves, settings and files, and print the ids that they have there."""
    from core.exporters.mlflow import export_mlflow
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    ids = [store.find(run_id).run_id for run_id in run_ids]
    for sent in export_mlflow(store, ids, uri, experiment=experiment, models=models):
        if sent.here:
            other = " with other results, which stay" if sent.differs else ""
            print_message(f"{sent.run_id}: there already{other}, as {sent.mlflow_id}.")
        else:
            typer.echo(sent.mlflow_id)


@app.command()
def tensorboard(
    run_ids: RunIds,
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where `tensorboard --logdir` will look.")
    ],
) -> None:
    """Write finished runs as event files of TensorBoard, a folder each, and print their paths."""
    from core.exporters.tensorboard import export_tensorboard
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    ids = [store.find(run_id).run_id for run_id in run_ids]
    for path in export_tensorboard(store, ids, folder):
        typer.echo(path)
