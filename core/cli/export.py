"""`export`: export finished runs to MLflow and TensorBoard, their models as files, and their predictions to CSV."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli.comparison import ComparisonArgument, find_exported_runs
from core.cli.output import print_message, print_side_file_problems
from core.home import Home

app = typer.Typer(
    no_args_is_help=True,
    help="Export finished runs to MLflow or TensorBoard, their models as files, or their predictions to CSV.",
)


@app.command()
def mlflow(
    run_ids: ComparisonArgument,
    uri: Annotated[
        str,
        typer.Option(
            "--tracking-uri",
            envvar="MLFLOW_TRACKING_URI",
            metavar="URI",
            help="MLflow tracking URI, such as http://localhost:5000.",
        ),
    ],
    experiment: Annotated[str, typer.Option(help="MLflow experiment; created if it does not exist.")] = "Headroom",
    models: Annotated[bool, typer.Option("--models", help="Include the trained models.")] = False,
) -> None:
    """Export finished runs to MLflow with metrics, hyperparameters and files, and print their MLflow run IDs."""
    from core.exporters.mlflow import export_mlflow
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    print_side_file_problems(store.home)
    ids = find_exported_runs(store, run_ids)
    for exported in export_mlflow(store, ids, uri, experiment=experiment, models=models):
        if exported.existing:
            details = " with different results, which are kept" if exported.differs else ""
            added = f"; added {', '.join(exported.added)}" if exported.added else ""
            print_message(f"{exported.run_id}: already in MLflow as {exported.mlflow_id}{details}{added}.")
        else:
            typer.echo(exported.mlflow_id)


@app.command()
def tensorboard(
    run_ids: ComparisonArgument,
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Log directory for `tensorboard --logdir`.")
    ],
) -> None:
    """Export finished runs as TensorBoard event files, one folder per run, and print their paths."""
    from core.exporters.tensorboard import export_tensorboard
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    print_side_file_problems(store.home)
    ids = find_exported_runs(store, run_ids)
    for path in export_tensorboard(store, ids, folder):
        typer.echo(path)


@app.command()
def model(
    run_ids: ComparisonArgument,
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the ZIP files.")],
    onnx: Annotated[
        bool, typer.Option("--onnx", help="Include an ONNX file; needs the packages in requirements-onnx.txt.")
    ] = False,
) -> None:
    """Export the models of finished runs, one ZIP file per run, and print their paths.

    Each contains model.keras and model.tflite, a model card with the code to load them, and labels.json.
    """
    from core.exporters.model_package import PACKAGE, list_model_files, name_file, write_package
    from core.exporters.onnx import check_onnx
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    runs = store.open_all(find_exported_runs(store, run_ids))
    for run in runs:
        list_model_files(run)
        if onnx:
            check_onnx(run)
    for run in runs:
        path = folder / name_file(run, PACKAGE)
        write_package(run, path, onnx=onnx)
        typer.echo(path)


@app.command()
def predictions(
    run_ids: ComparisonArgument,
    file: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="CSV file to write.")],
) -> None:
    """Export the test predictions of runs on the same test set as CSV, and print the path.

    One row per run and image: true class, predicted class, confidence, and the probability of each class.
    """
    from core.exporters.prediction_csv import write_predictions
    from core.files import replacing
    from core.store.comparison import Comparison
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    comparison = Comparison.of(store.open_all(find_exported_runs(store, run_ids)))
    with replacing(file) as temporary:
        temporary.write_bytes(write_predictions(comparison))
    typer.echo(file)


@app.command()
def label_errors(
    run_ids: ComparisonArgument,
    file: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="CSV file to write.")],
) -> None:
    """Export the test images whose label is probably wrong as CSV, and print the path.

    One row per image: index, file name if known, label, suggested label, and the mean probability of both over all
    runs. The method is confident learning; it needs images that the runs were not trained on.
    """
    from core.exporters.label_error_csv import write_label_errors
    from core.files import replacing
    from core.store.comparison import Comparison
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    comparison = Comparison.of(store.open_all(find_exported_runs(store, run_ids)))
    with replacing(file) as temporary:
        temporary.write_bytes(write_label_errors(comparison))
    typer.echo(file)
