"""`datasets check`: print what is wrong with the images of a dataset."""

from typing import Annotated, Any

import typer

from core.cli.output import JsonFlag, print_json, print_table
from core.home import Home
from core.memory_limit import limit_memory
from core.spec import DATASETS


def check(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of a dataset, or the name that images were added under.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Print what is wrong with a dataset: leaks, duplicates, contradicting labels, empty pictures, missing classes.

    The images are compared once; later calls read the result. --json also lists the images of each finding, with their
    file names if these are known.
    """
    from core.datasets.cache import open_dataset
    from core.datasets.dataset_key import key_of_name, split_key
    from core.datasets.findings.findings_file import check_dataset

    limit_memory()
    home = Home.default()
    dataset, folder = (name, "") if name in DATASETS else split_key(key_of_name(name))
    opened = open_dataset(home, dataset, folder)
    found = check_dataset(home, dataset, folder)
    if as_json:
        from core.datasets.findings.image_findings import name_files

        images = name_files(found.images, opened.path, (opened.info.train_count, opened.info.test_count))
        listed: list[dict[str, Any]] = [
            {
                **finding.model_dump(),
                "images": images[images["code"] == finding.code].drop(columns="code").to_dict("records"),
            }
            for finding in found.findings
        ]
        print_json({"name": name, "fingerprint": opened.info.fingerprint, "findings": listed})
        return
    if not found.findings:
        typer.echo(f"{opened.info.label}: no findings.")
    print_table(
        [{"Severity": one.severity, "Code": one.code, "Finding": one.message} for one in found.findings],
        title=opened.info.label,
    )
