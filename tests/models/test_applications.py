"""Weights of Keras applications as models: the file is checked without TensorFlow, and others are refused."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from core.errors import ModelFileError
from core.home import Home
from core.models import application
from core.models.add import add_model
from core.models.application import add_application, build_closed, list_applications, read_preprocessing
from core.models.model_info import list_models
from tests.support.own_models import FILES, HOSTILE


def _write(path: Path, values: int) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/conv/vars/0", (values,), "f4", chunks=True)
    return path


def test_number_of_values_shows_the_classifier_and_its_classes() -> None:
    """Parameters with the classifier of 1,000 classes: https://keras.io/api/applications/ and Keras itself."""
    published = {
        "vgg16": 138_357_544, "vgg19": 143_667_240, "mobilenet": 4_253_864, "mobilenet_v2": 3_538_984,
        "mobilenet_v3_small": 2_554_968, "mobilenet_v3_large": 5_507_432, "efficientnet_b0": 5_330_571,
        "efficientnet_v2_b0": 7_200_312, "resnet50": 25_636_712, "resnet50_v2": 25_613_800, "densenet121": 8_062_504,
        "nasnet_mobile": 5_326_716, "xception": 22_910_480, "inception_v3": 23_851_784, "convnext_tiny": 28_589_128,
    }  # fmt: skip
    assert {*published} == {*list_applications()}
    for name, values in published.items():
        side = application.DEFAULT_SIDES.get(name, 224)
        assert application.count_classes(name, values, side, "file") == 1000, name
        count = sum(row.params for row in build_closed(name).rows if row.part == "backbone")
        assert application.count_classes(name, count, side, "file") == 0
        with pytest.raises(ModelFileError, match=r"^file has [\d,]+ values, which "):
            application.count_classes(name, values + 1, side, "file")


def test_every_application_has_the_preprocessing_of_its_backbone() -> None:
    for name in list_applications():
        unit, found = build_closed(name).layers[0], read_preprocessing(name)
        image = np.random.default_rng(0).random((4, 3))
        expected = image * unit.scale + unit.offset
        given = image * 255 if found is None else image * 255 * found.scale + found.offset
        np.testing.assert_allclose(given, expected, rtol=1e-12)


def test_other_files_are_refused_with_one_sentence(home: Home, tmp_path: Path) -> None:
    count = sum(row.params for row in build_closed("mobilenet").rows if row.part == "backbone")
    cases = {
        "values": (_write(tmp_path / "other.weights.h5", 1000), "mobilenet", r"^other.weights.h5 has 1,000 values"),
        "application": (
            tmp_path / "other.weights.h5",
            "ResNet18",
            r"^Expected the application to be one of .*; got 'R",
        ),
        "missing": (tmp_path / "missing.weights.h5", "mobilenet", r"^missing.weights.h5 cannot be read: No such"),
        "folder": (tmp_path, "mobilenet", "cannot be read: "),
        "keras": (FILES[0], "MobileNet", r"is a \.keras file, which has layers"),
    }
    (tmp_path / "text.h5").write_bytes(b"hello")
    cases["text"] = tmp_path / "text.h5", "mobilenet", "^Cannot read the weights"
    for name, change in HOSTILE.items():
        path = _write(tmp_path / f"{len(cases)}.weights.h5", count)
        with h5py.File(path, "a") as file:
            change(file)
        cases[name] = path, "mobilenet", r"^\w"
    for path, wanted, reason in cases.values():
        with pytest.raises(ModelFileError, match=reason) as caught:
            add_application(home, "own", path, wanted)
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith(".") or "; got " in str(caught.value)
    good = _write(tmp_path / "good.weights.h5", count)
    for options, reason in (({"side": 96}, "omit the side"), ({"side": 0}, "Expected the side"),
                            ({"value_range": "0..2"}, "Expected the value range")):  # fmt: skip
        with pytest.raises(ModelFileError, match=reason):
            add_application(home, "own", good, "mobilenet", **options)
    with pytest.raises(ModelFileError, match=r"^Expected the name to be "):
        add_application(home, "O W N", good, "mobilenet")
    with pytest.raises(ModelFileError, match="add NAME FILE --application APPLICATION"):
        add_model(home, "own", good)
    assert list_models(home) == []
