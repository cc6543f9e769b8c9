# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["headroom", "torch", "jax"]
# [tool.uv.sources]
# headroom = { path = "..", editable = true }
# ///
"""Training time of GAP and Flatten + Dense in Keras, PyTorch, JAX and Headroom, one after another on the same cores.

    python3 -m venv /tmp/libraries
    /tmp/libraries/bin/python -m pip install torch jax pydantic
    python -m benchmarks.libraries --python /tmp/libraries/bin/python --dataset kmnist --epochs 8

Only these two lines install something; PyTorch and JAX are no requirements of Headroom. `--python` is the interpreter
that has them, this one by default (`uv run benchmarks.libraries.py` prepares it).

- keras: the published script with `fit`.
- torch, torch_channels_last: a plain training loop in PyTorch, with the default layout of images and with the one that
  its documentation recommends for convolutions on a CPU.
- jax: a compiled program per step. jax_epoch, jax_product: a compiled program per epoch, with the convolution of the
  library, which is slow in a loop on a CPU, and with matrix products.
- headroom: from a cold start, with everything that it measures and stores per run.

All have the same layers, initialization, dropout, batches of 25 images, Adam and number of epochs, the last 20% of the
training images for validation after each epoch, and the default number of threads. Except for Headroom, each run is a
new process, and a run follows the other. Prints one line of JSON per way: `seconds` of all runs with the start of the
processes, `train_seconds` without start, imports and compilation, the test accuracies, and the load of the machine
before and after. The last line has the ratios of Headroom's time to each of the others.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

HEADS = ("gap", "dense")
Found = dict[str, Any]
_BATCH, _EVALUATION_BATCH = 25, 400


def train_torch(arrays: Found, head: str, seed: int, epochs: int, *, channels_last: bool) -> Found:
    """Train one run with PyTorch; see `benchmarks.published` for the same network in Keras."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(seed)
    layout = torch.channels_last if channels_last else torch.contiguous_format

    def load(name: str) -> tuple[Any, Any]:
        images = torch.from_numpy(arrays[f"x_{name}"]).permute(0, 3, 1, 2).float().div(255)
        return images.contiguous(memory_format=layout), torch.from_numpy(arrays[f"y_{name}"]).long()

    (images, labels), validation, test = map(load, ("train", "validation", "test"))
    classes, layers, channels = int(arrays["y_train"].max()) + 1, [], images.shape[1]
    for filters in (32, 64):
        layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
        channels = filters
    if head == "gap":
        layers += [nn.Conv2d(channels, classes, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    else:
        layers.append(nn.Flatten())
        features = nn.Sequential(*layers)(images[:1]).shape[1]
        layers += [nn.Linear(features, 256), nn.ReLU(), nn.Linear(256, classes)]
    network = nn.Sequential(*layers).to(memory_format=layout)
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)  # as in Keras
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, eps=1e-7)

    def measure(images: Any, labels: Any) -> float:
        network.eval()
        with torch.inference_mode():
            found = [network(part).argmax(1) for part in images.split(_EVALUATION_BATCH)]
        return float((torch.cat(found) == labels).float().mean())

    begin = time.perf_counter()
    for _ in range(epochs):
        network.train()
        for rows in torch.randperm(len(images)).split(_BATCH):
            loss = functional.cross_entropy(network(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        measure(*validation)
    return {"accuracy": [measure(*test)], "train_seconds": time.perf_counter() - begin}


def train_jax(model: Any, arrays: Found, seed: int, epochs: int) -> Found:
    """Train one run with JAX, one program per step."""
    from functools import partial

    import jax

    from benchmarks import _jax_training as training

    step = jax.jit(partial(training.take_step, model, False))
    predict = jax.jit(lambda weights, images: training.compute_scores(model, weights, images, None, False).argmax(-1))

    def measure(name: str) -> float:
        starts = range(0, len(arrays[f"y_{name}"]), _EVALUATION_BATCH)
        parts = [slice(start, start + _EVALUATION_BATCH) for start in starts]
        found = [np.asarray(predict(state[0], arrays[f"x_{name}"][part])) for part in parts]
        return float(np.mean(np.concatenate(found) == arrays[f"y_{name}"]))

    begin = time.perf_counter()
    stored = jax.device_put({name: arrays[name] for name in ("x_train", "y_train")})
    state = training.begin_training(model, training.initialize_weights(model, jax.random.key(seed)))
    for epoch in range(1, epochs + 1):
        order = training.order_images(seed, epoch, len(arrays["x_train"]), _BATCH)
        keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), epoch), len(order))
        for batch in zip(order, keys, strict=True):
            state, _ = step(stored, state, batch)
        measure("validation")
    return {"accuracy": [measure("test")], "train_seconds": time.perf_counter() - begin}


def work(task: Found) -> Found:
    """Train one run in this process, with PyTorch or JAX."""
    with np.load(task["arrays"]) as file:
        arrays = {name: file[name] for name in file.files}
    head, seed, epochs = task["head"], task["seed"], task["epochs"]
    if task["way"].startswith("torch"):
        return train_torch(arrays, head, seed, epochs, channels_last=task["way"] != "torch")
    from benchmarks._jax_training import train_seeds
    from core.architecture.model import compute_model
    from core.recipes import RECIPES

    spec = RECIPES["kmnist-heads"].spec_of(head, {})
    model = compute_model(spec, arrays["x_train"].shape[1:], int(arrays["y_train"].max()) + 1)
    if task["way"] == "jax":
        return train_jax(model, arrays, seed, epochs)
    return train_seeds(model, arrays, [seed], epochs, stacked=False, product=task["way"] == "jax_product")


def run_tasks(way: str, python: str, arrays: Path, seeds: int, epochs: int) -> Found:
    """Train a run per head and seed, each in a new process."""
    found: list[tuple[str, Found]] = []
    for head in HEADS:
        for seed in range(seeds):
            task = {"way": way, "arrays": str(arrays), "head": head, "seed": seed, "epochs": epochs}
            command = [python, __file__, "--task", json.dumps(task)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found.append((head, json.loads(done.stdout.splitlines()[-1])))
    accuracies = {head: [one["accuracy"][0] for name, one in found if name == head] for head in HEADS}
    return {"accuracies": accuracies, "train_seconds": round(sum(one["train_seconds"] for _, one in found), 1)}


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Train in each way and print the results."""
    from benchmarks._gpu_task import split_arrays
    from benchmarks.published import choose_home
    from benchmarks.training import run_headroom, run_published
    from core.datasets.cache import open_dataset
    from core.home import Home

    home, name, seeds, epochs = Home(folder / "home"), options.dataset, options.seeds, options.epochs
    dataset = open_dataset(choose_home(name, home.path), name)
    home.datasets.mkdir(parents=True, exist_ok=True)
    if not (home.datasets / name).exists():
        (home.datasets / name).symlink_to(dataset.path)
    path = folder / "arrays.npz"
    np.savez(path, **split_arrays(dataset.arrays()))

    def run_keras() -> Found:
        return {
            "accuracies": {
                head: [run_published(home, name, head, one, epochs) for one in range(seeds)] for head in HEADS
            }
        }

    def run_own() -> Found:
        runs = run_headroom(home, name, seeds, epochs)
        values = {head: [one.record.metrics.test_accuracy for one in runs if one.spec.head == head] for head in HEADS}
        return {"accuracies": values}

    ways: dict[str, Callable[[], Found]] = {"keras": run_keras}
    for way in ("torch", "torch_channels_last", "jax", "jax_epoch", "jax_product"):
        ways[way] = lambda way=way: run_tasks(way, options.python, path, seeds, epochs)
    ways["headroom"] = run_own
    times = {}
    for way in options.ways or ways:
        load, begin = os.getloadavg()[0], time.perf_counter()
        try:
            found = ways[way]()
        except subprocess.CalledProcessError:  # its last line is on standard error
            print(json.dumps({"way": way, "not_measured": "A process failed; is the library installed?"}), flush=True)
            continue
        times[way] = time.perf_counter() - begin
        loads = [round(load, 1), round(os.getloadavg()[0], 1)]
        print(json.dumps({"way": way, "seconds": round(times[way], 1), **found, "load": loads}), flush=True)
    own = times.get("headroom")
    ratios = {way: round(own / seconds, 3) for way, seconds in times.items() if own and way != "headroom"}
    settings = {"dataset": name, "seeds": seeds, "epochs": epochs}
    print(json.dumps({"benchmark": "libraries", **settings, "ratios": ratios}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits", help="an available dataset of gray images")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--python", default=sys.executable, help="an interpreter with PyTorch and JAX")
    parser.add_argument("--ways", nargs="*", help="all by default")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(work(json.loads(options.task))))
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))


if __name__ == "__main__":
    main()
