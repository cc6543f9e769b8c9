"""The published script of kmnist-heads in plain Keras: one model, default threads, `fit`, `evaluate`.

Prints one line of JSON: seconds from the first import of TensorFlow, seconds of each epoch, test loss and accuracy.
Bundled datasets are created in a temporary home. Other datasets are read from the default home, whose path is printed
to standard error; it is not modified.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from core.datasets.cache import open_dataset
from core.datasets.dataset import Arrays
from core.home import Home
from core.spec import DATASETS


def choose_home(dataset: str, temporary: Path) -> Home:
    """Return the home to read a dataset from: the temporary folder for bundled datasets, else the default home."""
    if DATASETS[dataset].bundled:
        return Home(temporary)
    home = Home.default()
    print(f"Reading {dataset} from {home.path} (read-only).", file=sys.stderr)
    return home


def link_dataset(dataset: str, home: Home) -> None:
    """Make a dataset of the default home available in a new home, without a copy."""
    source = choose_home(dataset, home.path)
    if source != home:
        home.datasets.mkdir()
        (home.datasets / dataset).symlink_to(open_dataset(source, dataset).path)


def run(arrays: Arrays, classes: int, *, head: str, seed: int, epochs: int) -> dict[str, object]:
    """Train with the arguments of the published script, and evaluate on the test set."""
    begin = time.perf_counter()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    from keras import layers

    class EpochClock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            epoch_seconds.append(round(time.perf_counter() - self.begin, 3))

    epoch_seconds: list[float] = []
    keras.utils.set_random_seed(seed)
    x_train, x_test = (images.astype("float32") / 255 for images in (arrays.train_images, arrays.test_images))
    y_train, y_test = (keras.utils.to_categorical(y, classes) for y in (arrays.train_labels, arrays.test_labels))

    model = keras.Sequential([keras.Input(x_train.shape[1:])])
    for filters in (32, 64):
        model.add(layers.Conv2D(filters, kernel_size=(3, 3), activation="relu"))
        model.add(layers.MaxPooling2D(pool_size=(2, 2)))
        model.add(layers.Dropout(0.25))
    if head == "gap":
        model.add(layers.Conv2D(classes, kernel_size=(3, 3), padding="same", activation="relu"))
        model.add(layers.GlobalAveragePooling2D())
    else:
        model.add(layers.Flatten())
        model.add(layers.Dense(256, activation="relu"))
        model.add(layers.Dense(classes))
    model.add(layers.Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(
        x_train, y_train, batch_size=25, epochs=epochs, validation_split=0.2, verbose=0, callbacks=[EpochClock()]
    )  # fmt: skip
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    seconds = time.perf_counter() - begin
    return {"seconds": round(seconds, 2), "epoch_seconds": epoch_seconds, "loss": loss, "accuracy": accuracy}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="home with the dataset")
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--head", choices=("gap", "dense"), default="gap")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    settings = {"head": options.head, "seed": options.seed, "epochs": options.epochs}
    with tempfile.TemporaryDirectory() as folder:
        home = Home(options.home.absolute()) if options.home else choose_home(options.dataset, Path(folder))
        dataset = open_dataset(home, options.dataset)
        found = run(dataset.arrays(), len(dataset.info.classes), **settings)
    print(json.dumps({"benchmark": "published", "dataset": options.dataset, **settings, **found}))
