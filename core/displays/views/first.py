"""First test images with the predictions of each head."""

from dataclasses import dataclass
from typing import ClassVar

from core.displays.views.gallery import Gallery


@dataclass(frozen=True)
class FirstImages(Gallery):
    """First images of the test set: an unselected sample, which does not favour any head."""

    name: ClassVar[str] = "first"
    title: ClassVar[str] = "First test images"

    page_size: int = 12
