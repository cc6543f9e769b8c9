"""Dataset that the Data and Advisor pages select unless the link names one."""

from collections.abc import Mapping

from core.datasets.cache import DatasetStatus
from core.datasets.dataset_key import key_or_name
from core.errors import HeadroomError
from core.ui.data.display import is_usable
from core.ui.session import selected_comparison, store


def find_default_dataset(statuses: Mapping[str, DatasetStatus]) -> str:
    """Return the key of the dataset of the selected comparison, otherwise of the first one.

    In a home that has only example runs, return the own images that were added last, if there are any.
    """
    own = [key for key, status in statuses.items() if status.folder and is_usable(status)]
    if own and not (store().frame()["source"] == "home").any():
        return max(own, key=lambda key: statuses[key].fetched_at)
    try:
        comparison = selected_comparison()
    except HeadroomError:  # the Analyze pages show its message
        comparison = None
    key = key_or_name(comparison.first.spec.dataset, comparison.first.spec.folder) if comparison else ""
    return key if key in statuses else next(iter(statuses))
