"""Under which name a dataset is kept and spoken of: its own, or `folder-NAME` for an added folder of that name."""

from core.errors import DatasetError, SpecError
from core.spec import DATASETS, SETTINGS, RunSpec

FOLDER = "folder"

_PREFIX = f"{FOLDER}-"


def key_of(dataset: str, folder: str = "") -> str:
    """
    Raises:
        UnknownNameError: when there is no such dataset.
        DatasetError: when it is a folder without a name.
    """
    if "folder" not in DATASETS[dataset].uses:
        return dataset
    if not folder:
        raise DatasetError(f"Expected the name of an added folder; got none: {add_command('NAME')}")
    return f"{_PREFIX}{folder}"


def split_key(key: str) -> tuple[str, str]:
    """The dataset and the folder, "" where it is none."""
    return (FOLDER, key.removeprefix(_PREFIX)) if key.startswith(_PREFIX) else (key, "")


def label_of(key: str) -> str:
    dataset, folder = split_key(key)
    return f"Folder {folder}" if folder else DATASETS[dataset].label


def key_of_name(name: str) -> str:
    """The key of what a person adds under a name: that of a registry dataset that is added, or of a folder.

    Raises:
        DatasetError: when a folder cannot have that name.
    """
    if name in DATASETS:
        if DATASETS[name].added and name != FOLDER:
            return name
        raise DatasetError(f"Expected a name that no dataset of Headroom's own has; got {name!r}.")
    try:
        RunSpec.parse({"dataset": FOLDER, "folder": name})
    except SpecError:
        raise DatasetError(f"Expected the name to be {SETTINGS['folder'].form}; got {name!r:.60}.") from None
    return key_of(FOLDER, name)  # raises when it is empty


def get_command(key: str) -> str:
    """The command that brings a dataset, or repairs it."""
    dataset, folder = split_key(key)
    return add_command(folder or dataset) if DATASETS[dataset].added else f"headroom datasets download {key}"


def add_command(name: str) -> str:
    return f"headroom datasets add {name} PATH"


def remove_command(key: str) -> str:
    dataset, folder = split_key(key)
    return f"headroom datasets remove {folder or dataset}"
