"""Feature maps of every layer and head for one test image."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.activation import prepare_images
from core.analysis.feature_maps import LayerMaps, compute_feature_maps
from core.analysis.prediction import select_seed_runs
from core.displays.architecture_diagram import format_shape
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.feature_map_chart import STRONGEST, build_feature_map_chart, describe_scale
from core.displays.palette import colors
from core.displays.sentence import join_parts
from core.errors import HeadroomError
from core.home import Home, describe_error
from core.plural import format_plural
from core.store.comparison import Comparison
from core.store.run import Run
from core.store.thumbnail import load_test_images

COLUMNS = ("head", "layer", "layers", "output_shape", "map", "mean", "maximum")


@dataclass(frozen=True)
class FeatureMaps(Display):
    """The strongest feature maps of each convolution and pooling. `image` is an index in the test set."""

    name: ClassVar[str] = "feature_maps"
    title: ClassVar[str] = "Feature maps of each layer"

    home: Home = field(default_factory=Home.default)
    image: int = 0
    seed: int | None = None

    def frame(self) -> pd.DataFrame:
        """Return one row per map that is shown; empty without model files. Values are after the activation."""
        rows = [
            {
                "head": head,
                "layer": layer.title,
                "layers": ", ".join(layer.layers),
                "output_shape": format_shape(layer.shape),
                "map": index,
                "mean": float(layer.maps[..., index].mean()),
                "maximum": float(layer.maps[..., index].max()),
            }
            for head, layers in self._heads.items()
            for layer in layers
            for index in layer.rank(STRONGEST)
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        return pd.DataFrame(
            {
                self.column: frame["head"],
                "Layer": frame["layer"],
                "Output shape": frame["output_shape"],
                "Map": frame["map"].astype(str),
                "Mean": frame["mean"].map("{:.4f}".format),
                "Maximum": frame["maximum"].map("{:.4f}".format),
            }
        )

    def chart(self) -> Chart | None:
        """Build the panels; None without model files."""
        if not self._heads:
            return None
        return build_feature_map_chart(self._read(self._runs[0][1]), self._heads, colors(self.comparison))

    def describe(self) -> str:
        if not self._heads:
            return join_parts(self.list_unavailable(), " ")
        layers = join_parts([f"{head}: {format_plural(len(layers), 'layer')}" for head, layers in self._heads.items()])
        parts = [f"Feature maps of test image {self.image}, {layers}.", describe_scale(self._heads)]
        return " ".join([*parts, join_parts(self.list_unavailable(), " ")]).strip()

    def list_unavailable(self) -> list[str]:
        """Return the reason for each head without feature maps."""
        return [f"{head}: {found}" for head, found in self._found.items() if isinstance(found, str)]

    @cached_property
    def _runs(self) -> list[tuple[str, Run]]:
        return [*select_seed_runs(self.comparison, self.seed).items()]

    @cached_property
    def _heads(self) -> dict[str, Sequence[LayerMaps]]:
        return {head: found for head, found in self._found.items() if not isinstance(found, str)}

    @cached_property
    def _found(self) -> dict[str, Sequence[LayerMaps] | str]:
        """Layers of each head, or the reason why it has none."""
        return {head: self._compute(run) for head, run in self._runs}

    def _compute(self, run: Run) -> Sequence[LayerMaps] | str:
        if not run.has("model.tflite"):
            return write_missing_model(self.comparison, run)
        try:
            return compute_feature_maps(run, self._read(run))
        except HeadroomError as error:
            return describe_error(error)

    def _read(self, run: Run) -> NDArray[np.uint8]:
        return prepare_images(run, [load_test_images(self.home, run, exact=True)[self.image]])[0]


def write_missing_model(comparison: Comparison, run: Run) -> str:
    """Return the sentence for a run without a model file, and what to do: it names runs, as commands and pages do."""
    if run.spec.elsewhere:
        return f"{run.spec.elsewhere} was trained elsewhere and has no model file."
    same = next(variant.runs for variant in comparison.variants if run in variant.runs)
    other = next((found for found in same if found.has("model.tflite")), None)
    action = "Train the run on this machine, or import its models."
    if other:
        action = f"Use run {other.run_id} (seed {other.spec.seed}), which has one."
    return f"run {run.run_id} (seed {run.spec.seed}) has no model file. {action}"
