"""Keras models are read without Keras: files of several versions, and hostile ones refused with an error message."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.architecture.keras_model import KerasModel, read_keras_model
from core.architecture.step import list_steps
from core.errors import ModelFileError
from tests.support.paths import ROOT

FILES = ROOT / "tests/support/keras_files"
MODELS = sorted(path for path in FILES.iterdir() if path.name.endswith((".keras", ".config.json")))
OLD = FILES / "keras-2.15.0-residual.config.json"
NEW = FILES / "keras-3.15.1-residual.config.json"


def read(config: object) -> KerasModel:
    return read_keras_model(json.dumps(config).encode())


def layer(kind: str, name: str, *inputs: str, **config: Any) -> dict[str, Any]:
    nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
    return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}


def functional(*layers: dict[str, Any], output: str = "", name: str = "model") -> dict[str, Any]:
    first, last = layers[0]["name"], output or layers[-1]["name"]
    ends = {"input_layers": [[first, 0, 0]], "output_layers": [[last, 0, 0]]}
    return {"class_name": "Functional", "config": {"name": name, "layers": [*layers], **ends}}


IMAGE = layer("InputLayer", "image", batch_shape=[None, 8, 8, 3])
CONV = layer("Conv2D", "conv", "image", filters=4, kernel_size=[3, 3])


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_files_of_several_versions_are_counted_as_keras_counts_them(path: Path) -> None:
    expected = json.loads((FILES / f"{path.name.removesuffix('.keras').removesuffix('.config.json')}.json").read_text())
    model = read_keras_model(path)
    rows = {row.name: row for row in model.rows}
    found = [[name, [*rows[name].output_shape], rows[name].params] for name, _, _ in expected["layers"]]
    assert found == expected["layers"]
    assert (model.params, model.trainable) == (expected["total"], expected["trainable"])
    assert model.flops > 0
    for part in ("backbone", "head"):
        steps = list_steps(model, part)
        assert [name for step in steps for name in step.layers] == [r.name for r in model.rows if r.part == part]


def test_counting_a_model_loads_neither_keras_nor_tensorflow() -> None:
    code = (
        "import sys; from core.cli.app import app\n"
        f"try: app(['params', '--model', {str(MODELS[0])!r}, '--json'])\n"
        "except SystemExit: pass\n"
        "assert not {'keras', 'tensorflow', 'torch', 'jax'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["models"][0]["total"] == 678


def test_shared_and_nested_layers_have_their_parameters_once() -> None:
    model = read_keras_model(FILES / "keras-2.15.0-nested.config.json")
    rows = {row.name: row for row in model.rows}
    assert rows["inner@2/inner_conv"].params == 0 == rows["shared@2"].params
    assert rows["inner@2/inner_conv"].flops == rows["inner/inner_conv"].flops > 0
    assert rows["inner/inner_conv"].trainable == 0 < rows["inner/inner_conv"].non_trainable
    assert model.outputs == ("tower/last", "score")
    assert dict(model.inputs) == {"first": (16, 16, 3), "second": (16, 16, 3)}


def test_backbone_can_end_where_one_output_is_all_that_follows_reads() -> None:
    model = read_keras_model(NEW)
    names = [cut.layer for cut in model.cuts]
    assert names[:7] == ["scale", "norm", "pad", "stem", "stem_bn", "sum", "excite"]
    assert model.cut == "dropout"
    assert [row.part for row in model.rows].index("head") == [row.name for row in model.rows].index("dropout") + 1
    assert next(cut for cut in model.cuts if cut.layer == "stem_bn").params == 8 * 27 + 32


MAPS = layer("Conv2D", "maps", "conv", filters=5, kernel_size=[3, 3])
POOL = layer("GlobalAveragePooling2D", "pool", "maps")
SOFTMAX = layer("Softmax", "softmax", "pool")


def _with(config: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**config, "config": {**config["config"], **changes}}


@pytest.mark.parametrize(
    ("layers", "cut"),
    [
        ([_with(MAPS, activation="relu"), POOL, SOFTMAX], "conv"),
        ([MAPS, POOL, SOFTMAX], "conv"),
        ([_with(MAPS, activation="softmax"), POOL], "conv"),
        ([MAPS, POOL], "conv"),
        ([MAPS, layer("ReLU", "relu", "maps"), layer("GlobalAveragePooling2D", "pool", "relu"), SOFTMAX], "conv"),
        ([MAPS, POOL, layer("Dense", "dense", "pool", units=5), layer("Softmax", "softmax", "dense")], "maps"),
        ([_with(MAPS, activation="relu"), POOL], "maps"),
        ([MAPS, layer("BatchNormalization", "bn", "maps"), layer("GlobalAveragePooling2D", "pool", "bn")], "bn"),
        ([MAPS], "maps"),
        ([MAPS, layer("Softmax", "softmax", "maps")], "softmax"),
    ],
    ids=["relu", "linear", "softmax first", "logits", "relu layer", "dense", "features", "normalized features", "maps",
         "segmentation"],
)  # fmt: skip
def test_class_maps_belong_to_the_head(layers: list[dict[str, Any]], cut: str) -> None:
    model = read(functional(IMAGE, CONV, *layers))
    names = [row.name for row in model.rows]
    assert model.cut == cut
    assert [row.name for row in model.rows if row.part == "backbone"] == names[: names.index(cut) + 1]
    assert {"conv", "maps"} <= {found.layer for found in model.cuts}


def test_model_for_images_of_any_size_needs_a_side() -> None:
    config = functional({**IMAGE, "config": {"batch_shape": [None, None, None, 3]}}, CONV)
    with pytest.raises(ModelFileError, match="Choose the length of their sides"):
        read(config)
    assert read_keras_model(json.dumps(config).encode(), side=20).rows[0].output_shape == (18, 18, 4)


def test_operations_on_tensors_are_layers() -> None:
    def tensor(name: str) -> dict[str, Any]:
        return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}

    add = {**layer("Add", "add"), "module": "keras.src.ops.numpy"}
    add["inbound_nodes"] = [{"args": [tensor("conv"), 3.0], "kwargs": {}}]
    old = layer("TFOpLambda", "tf.math.multiply", function="math.multiply")
    old["inbound_nodes"] = [["add", 0, 0, {"y": ["conv", 0, 0]}]]
    model = read(functional(IMAGE, CONV, add, old))
    assert [(row.name, row.inputs, row.flops) for row in model.rows[1:]] == [
        ("add", ("conv",), 144),
        ("tf.math.multiply", ("add", "conv"), 144),
    ]


def archive(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()


def nest(depth: int) -> dict[str, Any]:
    model = functional(IMAGE, CONV)
    for number in range(depth):
        inner = {**model, "name": f"m{number}", "inbound_nodes": [[["image", 0, 0, {}]], [["image", 0, 0, {}]]]}
        model = functional(IMAGE, inner)
    return model


def list_hostile() -> Iterator[tuple[str, bytes, str]]:
    """Yield a name, the content of a file and a part of the sentence that refuses it."""
    good = json.dumps(functional(IMAGE, CONV)).encode()
    yield "empty", b"", "is empty"
    yield "pixels", b"\x89PNG\r\n", "not valid JSON"
    yield "hdf5", b"\x89HDF\r\n\x1a\n", "older HDF5 format"
    yield "list", b"[]", "names no class"
    yield "deep JSON", b'{"class_name": ' + b"[" * 100_000, "not valid JSON"
    yield "text", b'{"class_name": "Functional", "config": 3}', "without a class"
    yield "large", b'{"class_name": "' + b"x" * 33_000_000, "more than 32 MB"
    yield "zip bomb", archive({"config.json": b"[" + b" " * 40_000_000}), "more than 32 MB"
    yield "no config", archive({"model.weights.h5": b""}), "has no config.json"
    yield "path", archive({"config.json": good, "../config.json": good}), "an unsafe path, '../config.json'"
    twice = archive({"config.json": good, "config.jsom": good}).replace(b"config.jsom", b"config.json")
    yield "two entries", twice, "two entries of one name"
    yield "many entries", archive({f"{number}": b"" for number in range(200)}), "more than 64 entries"
    yield "damaged", archive({"config.json": good})[:-40], "damaged ZIP archive"
    yield "wrong content", archive({"config.json": good * 20}).replace(b"Functional", b"Functionbl")[:-90], "ZIP"

    def config(*layers: dict[str, Any], **changes: Any) -> bytes:
        return json.dumps(functional(*layers, **changes)).encode()

    yield "subclass", json.dumps({"class_name": "MyModel", "config": {}}).encode(), "class 'MyModel'"
    yield "lambda", config(IMAGE, layer("Lambda", "f", "image", function="os.system")), "contains code"
    custom = {**CONV, "class_name": "Mine", "module": "my_package", "registered_name": "my>Mine"}
    yield "custom", config(IMAGE, custom), "outside Keras"
    yield "same name", config(IMAGE, {**CONV, "module": "my_package"}), "outside Keras"
    yield "unknown", config(IMAGE, layer("LSTM", "memory", "image")), "'memory' (LSTM) has a class that Headroom does"
    yield (
        "unknown operation",
        config(IMAGE, {**layer("Einsum", "e", "image"), "module": "keras.src.ops.numpy"}),
        "class",
    )
    yield "cycle", config(IMAGE, layer("Add", "a", "image", "b"), layer("ReLU", "b", "a")), "form a cycle"
    yield "own output", config(IMAGE, layer("Add", "a", "image", "a")), "form a cycle"
    yield "dangling", config(IMAGE, layer("ReLU", "a", "missing")), "reads layer 'missing'"
    yield "no input", config(IMAGE, layer("ReLU", "a")), "does not have"
    yield "output", config(IMAGE, CONV, output="other"), "'other' does not have"
    yield "tensor", config(IMAGE, {**CONV, "inbound_nodes": [[["image", 0, 5, {}]]]}), "'image' does not have"
    yield "two names", config(IMAGE, CONV, CONV), "two layers of one name"
    yield "two inputs", config(IMAGE, layer("ReLU", "a", "image", "image")), "Expected 1 input(s)".lower()
    yield "million layers", config(IMAGE, *(layer("ReLU", f"r{n}", "image") for n in range(20_001))), "20,000 layers"
    chain = [layer("ReLU", "r0", "image"), *(layer("ReLU", f"r{n}", f"r{n - 1}") for n in range(1, 5_100))]
    yield "many layers", config(IMAGE, *chain), "more than 5,000 layers"
    yield "nested twice each", json.dumps(nest(15)).encode(), "more than 5,000 layers"
    yield "nested deeply", json.dumps(nest(18)).encode(), "nested more than 16 times"
    for changes in (
        {"filters": 10**30}, {"filters": -1}, {"filters": True}, {"filters": 2.5}, {"filters": "4"}, {"filters": None},
        {"kernel_size": []}, {"kernel_size": [3] * 100}, {"kernel_size": [3, None]}, {"kernel_size": {"a": 1}},
        {"strides": 0}, {"padding": "reflect"}, {"padding": 3}, {"groups": 0}, {"use_bias": "yes"},
        {"activation": {"class_name": "function", "config": "evil"}}, {"activation": ["relu"]},
        {"data_format": "channels_first"}, {"filters": 10**7, "kernel_size": [10**7, 10**7], "padding": "same"},
    ):  # fmt: skip
        conv = layer("Conv2D", "conv", "image", **{"filters": 4, "kernel_size": [3, 3], **changes})
        yield f"{changes}", config(IMAGE, conv), "'conv'"
    for shape in ([None, 10**30, 8, 3], [None, -1, 8, 3], [None, "8", 8, 3], [None, 8, 8, None], [8], 8, None, {}):
        yield f"{shape}", config(layer("InputLayer", "image", batch_shape=shape), CONV), "'image' has"
    bomb = [layer("UpSampling2D", f"u{n}", f"u{n - 1}" if n else "image", size=[10**6, 10**6]) for n in range(9)]
    yield "shape bomb", config(IMAGE, *bomb), "too large to be counted"
    yield "reshape", config(IMAGE, layer("Reshape", "r", "image", target_shape=[-1, -1])), "shape for 192 values"
    yield "axes", config(IMAGE, layer("Conv1D", "c", "image", filters=4, kernel_size=[3])), "another number of axes"
    yield "axis", config(IMAGE, layer("BatchNormalization", "b", "image", axis=1)), "not the last one"
    yield "one input", config(IMAGE, layer("CustomScaleLayer", "s", "image", scale=0.3)), "expected 2 input(s)"
    yield "huge number", config(IMAGE, layer("Rescaling", "r", "image", scale=10**400)), "invalid scale"
    offsets = layer("Rescaling", "r", "image", scale=1.0, offset=[10**400, 0, 0])
    yield "huge numbers", config(IMAGE, offsets), "invalid offset"
    yield "name", config(IMAGE, layer("ReLU", "\x1b[31m", "image")), "no valid name"
    yield "no layers", json.dumps({"class_name": "Sequential", "config": {"layers": []}}).encode(), "no layers"
    yield "no shape", json.dumps({"class_name": "Sequential", "config": {"layers": [CONV]}}).encode(), "has no shape"


def test_hostile_files_are_refused_in_one_sentence() -> None:
    for name, content, part in list_hostile():
        with pytest.raises(ModelFileError) as caught:
            read_keras_model(content)
        sentence = str(caught.value)
        assert part in sentence, f"{name}: {sentence}"
        assert len(sentence) < 300, name
        assert sentence.endswith("."), name
        assert "\n" not in sentence, name


VALUES: list[Any] = [None, 0, -1, 10**12, 1.5, "x", True, [], [[]], {}, [None], {"class_name": "x"}, "same"]


@pytest.mark.parametrize("path", [OLD, NEW], ids=["old", "new"])
def test_any_value_of_a_model_is_counted_or_refused(path: Path) -> None:
    """Replace each value of the model, but not of its layers, by each other one."""
    whole = json.loads(path.read_bytes())
    for name in whole["config"]:
        for value in VALUES:
            config = deepcopy(whole)
            config["config"][name] = deepcopy(value)
            with suppress(ModelFileError):
                assert read(config).params >= 0, (name, value)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), path=st.sampled_from([OLD, NEW]))
def test_any_changed_value_is_counted_or_refused(data: st.DataObject, path: Path) -> None:
    """Replace values anywhere in a real config: nothing but ModelFileError is raised."""
    config = deepcopy(json.loads(path.read_bytes()))
    for _ in range(data.draw(st.integers(1, 3))):
        value: Any = config
        for _ in range(data.draw(st.integers(1, 12))):
            keys = [*value] if isinstance(value, dict) else [*range(len(value))]
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(value[key], dict | list) and data.draw(st.integers(0, 9)):
                value = value[key]
            else:
                value[key] = deepcopy(data.draw(st.sampled_from(VALUES)))
                break
    with suppress(ModelFileError):
        assert read(config).params >= 0
