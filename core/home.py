"""The folder that holds everything Headroom keeps, and the examples that come with it."""

import os
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@dataclass(frozen=True)
class Home:
    """`HEADROOM_HOME`, `~/.headroom` without it. Folders are made when something is first written into them."""

    path: Path

    @classmethod
    def default(cls) -> "Home":
        return cls(Path(os.environ.get("HEADROOM_HOME") or "~/.headroom").expanduser().absolute())

    @property
    def examples(self) -> Path:
        """Finished runs to show beside those of any home; `HEADROOM_EXAMPLES` names another folder of them."""
        return Path(os.environ.get("HEADROOM_EXAMPLES") or EXAMPLES)

    @property
    def datasets(self) -> Path:
        return self.path / "datasets"

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    @property
    def jobs(self) -> Path:
        return self.path / "jobs"

    @property
    def reports(self) -> Path:
        return self.path / "reports"

    @property
    def thumbnails(self) -> Path:
        """Pictures that came with bundles, for runs whose dataset is not here."""
        return self.path / "thumbnails"

    @property
    def weights(self) -> Path:
        """Pretrained weights that a person put there."""
        return self.path / "weights"

    @property
    def features(self) -> Path:
        """Maps of frozen backbones; may be deleted at any time, they are computed again."""
        return self.path / "features"

    @property
    def scripts(self) -> Path:
        """What files need to draw charts by themselves; may be deleted at any time, it is made again."""
        return self.path / "scripts"
