"""Keys, labels and commands of datasets. The key of a dataset is its name, or `folder-NAME` for a custom dataset."""

from core.errors import DatasetError, SpecError
from core.spec import DATASETS, SETTINGS, RunSpec

FOLDER = "folder"

_PREFIX = f"{FOLDER}-"


def key_of(dataset: str, folder: str = "") -> str:
    """Return the key of a dataset.

    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when the name of a custom dataset is empty.
    """
    if "folder" not in DATASETS[dataset].uses:
        return dataset
    if not folder:
        raise DatasetError(f"Select a custom dataset, or add one with: {add_command('NAME')}")
    return f"{_PREFIX}{folder}"


def key_or_name(dataset: str, folder: str = "") -> str:
    """Return the key of a dataset, or its name in the registry if no custom dataset is selected."""
    return key_of(dataset, folder) if folder else dataset


def split_key(key: str) -> tuple[str, str]:
    """Return the name in the registry, and the name of the custom dataset or an empty string."""
    return (FOLDER, key.removeprefix(_PREFIX)) if key.startswith(_PREFIX) else (key, "")


def label_of(key: str) -> str:
    dataset, folder = split_key(key)
    return f"Folder {folder}" if folder else DATASETS[dataset].label


def label_of_spec(spec: RunSpec) -> str:
    """Return the label of the dataset of a run; a run from elsewhere may name any dataset, or none: "".

    >>> label_of_spec(RunSpec(dataset="folder", folder="pets")), label_of_spec(RunSpec())
    ('Folder pets', 'Digits')
    >>> label_of_spec(RunSpec(dataset="folder", elsewhere="sklearn"))
    ''
    """
    return label_of_run(spec.dataset, spec.folder, spec.elsewhere)


def label_of_run(dataset: str, folder: str, elsewhere: str) -> str:
    """Return the label of the dataset of a run from three fields of its spec (see `label_of_spec`)."""
    if elsewhere and dataset == FOLDER:
        return label_of(folder if folder in DATASETS else key_of(FOLDER, folder)) if folder else ""
    return label_of(key_or_name(dataset, folder))


def key_of_name(name: str) -> str:
    """Return the key for a dataset that a user adds: `celeba`, or a new name for a custom dataset.

    Raises:
        DatasetError: when the name is invalid.
    """
    if name in DATASETS:
        if DATASETS[name].added and name != FOLDER:
            return name
        raise DatasetError(f"The name {name!r} belongs to a dataset of Headroom. Use another name.")
    try:
        RunSpec.parse({"dataset": FOLDER, "folder": name})
    except SpecError:
        raise DatasetError(f"Expected the name to be {SETTINGS['folder'].form}; got {name!r:.60}.") from None
    return key_of(FOLDER, name)  # raises when it is empty


def get_command(key: str) -> str:
    """Return the command that downloads, adds or repairs a dataset."""
    dataset, folder = split_key(key)
    return add_command(folder or dataset) if DATASETS[dataset].added else f"headroom datasets download {key}"


def add_command(name: str) -> str:
    return f"headroom datasets add {name} PATH"


def remove_command(key: str) -> str:
    dataset, folder = split_key(key)
    return f"headroom datasets remove {folder or dataset}"
