"""The value range of image files with more than 8 bits, found from all files of a dataset."""

from collections.abc import Callable, Sequence

from core.datasets.custom.read_ahead import map_ahead
from core.datasets.download import Progress
from core.errors import HeadroomError
from core.image_file import read_extent
from core.image_values import Extent, ValueRange, choose_range, merge_extents


class SourceValues:
    """The range of values that become 0 and 255, the same for all files with more than 8 bits of a dataset.

    It is found when the first of them is read, so that files of 8 bits are read only once.

    Attributes:
        range: None until it is found.
    """

    def __init__(self, names: Sequence[str], read: Callable[[str], bytes]) -> None:
        self.range: ValueRange | None = None
        self._names, self._read = names, read

    def find(self, progress: Progress) -> None:
        """Read all files and choose the range (see `choose_range`)."""
        found: Extent | None = None
        for done, extent in enumerate(map_ahead(self._try, self._names), 1):
            if extent is not None:
                found = merge_extents([extent] if found is None else [found, extent])
            progress(done, len(self._names))
        self.range = choose_range(found or Extent(0, 0, 0, 0))

    def _try(self, name: str) -> Extent | None:
        try:
            return read_extent(self._read(name))
        except (HeadroomError, OSError):
            return None
