"""Sizes of images that a model of the user gets, stated before training."""

import pytest

from core.home import Home
from core.models.add import add_model
from core.models.before_training import list_training_messages
from core.spec import RunSpec
from tests.support.own_models import FILES

MODEL = RunSpec(backbone="model", model="own")
PETS = {"dataset": "folder", "folder": "pets"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({**PETS, "side": 20}, "Images are resized to 20 × 20 pixels, the input size of model own."),
        (
            {**PETS, "side": 96},
            "Model own expects images of 20 × 20 pixels. As a backbone it gets images that are resized to 96 × 96 "
            "pixels.",
        ),
        (
            {"dataset": "kmnist"},
            "Model own expects images of 20 × 20 pixels. As a backbone it gets those of the dataset, of 28 × 28 "
            "pixels.",
        ),
        ({"model": "missing"}, ""),
        ({"backbone": "conv_pool"}, ""),
    ],
)
def test_size_of_the_images_of_a_model_is_stated_once(home: Home, changes: dict[str, object], message: str) -> None:
    add_model(home, "own", next(path for path in FILES if "chain" in path.name))
    specs = [MODEL.replace(head=head, **changes) for head in ("gap", "dense")]
    assert list_training_messages(home, specs) == [message] * bool(message)
