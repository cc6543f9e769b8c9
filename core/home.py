"""The Headroom home directory and the bundled example runs."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@dataclass(frozen=True)
class Home:
    """The folder for all data, `HEADROOM_HOME` or `~/.headroom`. Its folders are created on first write."""

    path: Path

    @classmethod
    def default(cls) -> "Home":
        return cls(Path(os.environ.get("HEADROOM_HOME") or "~/.headroom").expanduser().absolute())

    @property
    def examples(self) -> Path:
        """Example runs, shown together with those of the home; `HEADROOM_EXAMPLES` sets another folder."""
        return Path(os.environ.get("HEADROOM_EXAMPLES") or EXAMPLES)

    @property
    def datasets(self) -> Path:
        return self.path / "datasets"

    @property
    def models(self) -> Path:
        """Models of users, one folder each."""
        return self.path / "models"

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    @property
    def jobs(self) -> Path:
        return self.path / "jobs"

    @property
    def evidence(self) -> Path:
        """Finished runs whose evidence is to be computed, one folder each (see `core.store.evidence`)."""
        return self.jobs / "evidence"

    @property
    def advice(self) -> Path:
        """Races of the advisor, one folder each."""
        return self.path / "advice"

    @property
    def withheld(self) -> Path:
        """Runs of races with withheld test results, one empty file each."""
        return self.path / "withheld"

    @property
    def comparisons(self) -> Path:
        """Saved comparisons, one file each."""
        return self.path / "comparisons"

    @property
    def results(self) -> Path:
        """Kept results of commands that read; they are computed again when they are missing."""
        return self.path / "results"

    @property
    def reports(self) -> Path:
        return self.path / "reports"

    @property
    def thumbnails(self) -> Path:
        """Test images from imported bundles, for runs whose dataset is not available."""
        return self.path / "thumbnails"

    @property
    def weights(self) -> Path:
        """Pretrained weights, placed here by the user."""
        return self.path / "weights"

    @property
    def features(self) -> Path:
        """Cached feature maps of frozen backbones; may be deleted at any time."""
        return self.path / "features"

    @property
    def scripts(self) -> Path:
        """Cached scripts for charts in exported files; may be deleted at any time."""
        return self.path / "scripts"


# an absolute path, up to a space, a quote or punctuation
_PATH = re.compile(r"(?<![\w.:/~-])(?P<top>~|/[^\s/:'\"`]+)/(?:[^\s/:'\"`]+/)*(?P<name>[^\s/:'\"`,;)]*)")


def hide_paths(text: str) -> str:
    """Return a message without folders of this machine, for users who may not know them.

    >>> hide_paths("Cannot write /srv/team/home/reports/r1/draft.json: No space left on device.")
    'Cannot write draft.json: No space left on device.'
    """
    own = str(Home.default().path)
    return _PATH.sub(_name, text.replace(f"{own}{os.sep}", "").replace(own, "the home"))


def _name(path: re.Match[str]) -> str:
    """Return the name of a file. A path whose first folder does not exist is not one of this machine."""
    return path["name"] if Path(path["top"]).expanduser().is_dir() else path[0]


def describe_error(error: BaseException) -> str:
    """Return the message of an error for users of the dashboard and the HTTP API (see `hide_paths`)."""
    return hide_paths(str(error))
