"""The first test images with what each head took them for."""

from dataclasses import dataclass
from typing import ClassVar

from core.displays.views.gallery import Gallery


@dataclass(frozen=True)
class FirstImages(Gallery):
    """The test images that are stored first: nobody chose them, so they flatter no head."""

    name: ClassVar[str] = "first"
    title: ClassVar[str] = "The first test images"

    page_size: int = 12
