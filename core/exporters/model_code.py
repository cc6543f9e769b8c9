"""Lines of Python that load a model file and predict the class of an image file, one script per library."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.analysis.litert_file import read_signature
from core.displays.number import quote_class
from core.exporters.model_input import ModelInput
from core.store.run import Run

KERAS, LITERT, ONNX = "model.keras", "model.tflite", "model.onnx"
MODEL_FILES = (LITERT, KERAS, ONNX)


@dataclass(frozen=True)
class ModelCode:
    """Code that loads a model file.

    Attributes:
        library: name of the library.
        packages: what pip installs.
        imports, predict: lines of Python; `predict` computes `probs` from `x`.
        output: description of the output with the probabilities.
        names: JSON with the names of input and output, and the index of the output.
    """

    library: str
    packages: str
    imports: tuple[str, ...]
    predict: tuple[str, ...]
    output: str
    names: Mapping[str, str | int]

    def write_script(self, model_input: ModelInput) -> str:
        """Return the script, which reads image.png and labels.json in the current folder."""
        lines = [
            "import json",
            "from pathlib import Path",
            "import numpy as np",
            "from PIL import Image, ImageOps",
            *self.imports,
            *model_input.write_lines(),
            *self.predict,
            'classes = json.loads(Path("labels.json").read_text("utf-8"))["classes"]',
            "print(classes[probs.argmax()], probs.max())",
        ]
        return "\n".join(lines) + "\n"


def list_model_code(run: Run, names: tuple[str, ...]) -> Mapping[str, ModelCode]:
    """Return the code for some of MODEL_FILES.

    Raises:
        RunDamagedError: when model.tflite is needed and cannot be read.
    """
    write = {KERAS: _write_keras, LITERT: _write_litert, ONNX: _write_onnx}
    return {name: write[name](run) for name in names}


def _write_keras(run: Run) -> ModelCode:
    predict = [f'probs = keras.models.load_model("{KERAS}", compile=False).predict(x, verbose=0)[0]']
    output = "its only output contains the class probabilities"
    if run.spec.loss == "binary":
        predict.append("probs = np.append(1 - probs, probs)")
        output = f"its only output is the probability of the second class, {quote_class(run.record.data.classes[1])}"
    return ModelCode("Keras", "keras tensorflow pillow", ("import keras",), tuple(predict), output, {"index": 0})


def _write_litert(run: Run) -> ModelCode:
    found = read_signature(run)
    predict = (
        f'runner = Interpreter("{LITERT}").get_signature_runner()',
        f'probs = runner({found.input}=x)["{found.probabilities}"][0]',
    )
    others = "; the other output contains feature maps" if found.output_count > 1 else ""
    output = f'output {found.index} ("{found.probabilities}") contains the class probabilities{others}'
    imports = ("from ai_edge_litert.interpreter import Interpreter",)
    names: dict[str, str | int] = {"input": found.input, "output": found.probabilities, "index": found.index}
    return ModelCode("LiteRT", "ai-edge-litert pillow", imports, predict, output, names)


def _write_onnx(run: Run) -> ModelCode:
    predict = (f'probs = onnxruntime.InferenceSession("{ONNX}").run(["probabilities"], {{"images": x}})[0][0]',)
    output = 'its only output ("probabilities") contains the class probabilities'
    names: dict[str, str | int] = {"input": "images", "output": "probabilities", "index": 0}
    return ModelCode("ONNX Runtime", "onnxruntime pillow", ("import onnxruntime",), predict, output, names)
