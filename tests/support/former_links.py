"""Links as the former version wrote them, and the values that they ask for; `make_former_home.py` keeps them.

Kept for the record: it runs with the former version only.
"""

from itertools import cycle
from typing import Any
from urllib.parse import urlencode

from core.augment.stress import STRESSES
from core.displays.cost import COST_FORMS
from core.displays.queue import write_name
from core.displays.sweep import name_sweep
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import list_sweeps
from core.lab.kernel import KERNELS_1D, KERNELS_2D
from core.lab.sample import PATTERNS, PHOTOS, SIGNALS
from core.recipes import RECIPES
from core.reports.shelf import ReportShelf
from core.spec import BACKBONES, DATASETS, HEADS, KNOBS
from core.store.comparison import list_offers
from core.store.runs import RunStore

TICKED = "runs of my choice"
SWEPT = {
    "epochs": "3", "batch_size": "10", "learning_rate": "0.01", "blocks": "1", "filters": "8", "dropout": "0.5",
    "units": "64", "hidden": "16", "head_dropout": "0.2", "patience": "2", "augmentation": "rotation=10",
    "loss": "sparse", "l2": "0.01", "kernel_size": "5", "padding": "same",
}  # fmt: skip


def shown(text: str | list[str], value: Any) -> tuple[Any, Any]:
    """A parameter whose text in the link is not the value of its widget. None stands for a widget that a page shows
    only later, after an upload for instance."""
    return text, value


def list_links(home: Home) -> list[dict[str, Any]]:
    """By page: the link, and the value of each widget that it names. `offer` is the comparison of these runs, and
    `contains` a text with this in it."""
    offers = {offer.label: list(offer.run_ids) for offer in list_offers(RunStore(home).frame())}
    own, small, *_ = offers
    folder = next(label for label in offers if label.startswith("folder-heads"))
    other = next(label for label in offers if "200 training images · 16 filters" in label)
    runs, mixed = offers[own], [*offers[small][:4], *offers[other]]
    jobs = {job.state: job for job in JobQueue(home).jobs()}
    sweeps = {sweep.sweep_id: f"{name_sweep(sweep)} ({sweep.sweep_id})" for sweep in list_sweeps(home)}
    newest, older = sweeps
    entries = {entry.versions: entry.draft.id for entry in ReportShelf(home).entries()}
    draft, published = entries[()], entries[1, 2]

    def offer(label: str) -> tuple[Any, Any]:
        return shown(label, {"offer": offers[label]})

    def followed(sweep_id: str) -> tuple[Any, Any]:
        return shown(sweeps[sweep_id], {"contains": sweep_id})

    compared = {"compare": offer(small)}
    pages: dict[str, list[dict[str, Any]]] = {
        "compare": [
            compared,
            {"compare": offer(folder)},
            {"compare": offer(other)},
            {"compare": shown(TICKED, TICKED), "runs": ",".join(mixed)},
            {"runs": f"{runs[0][:6]}, {runs[1]}"},
        ],
        "parameters": [
            {"side": 64, "channels": 3, "classes": 5, "dimensions": "1D"},
            {
                "calculator_backbone": shown("Conv–conv–pool blocks", "conv_conv_pool"),
                "calculator_blocks": 3,
                "calculator_filters": 8,
                "calculator_units": 512,
                "dimensions": "3D",
            },
            {"calculator_blocks": 6, "calculator_filters": 128, "side": 256, "layers_of": "Flatten + MLP"},
            {"layers_of": "GAP, linear maps", "side": 96} | compared,
        ],
        "curves": [
            {"by": "seconds", "smoothing": 0.3, "log": True},
            {"splits": ["training"], "single": False} | compared,
            {"splits": shown([""], [])},
            {"by": "epoch", "splits": ["validation"], "smoothing": 0.95, "log": False},
        ],
        "predictions": [
            {"show": "right by one", "order": "surest first"},
            {"show": "wrong by one", "order": "least sure first", "seed": 1} | compared,
            {"class": "3", "page": 2},
            {"show": "wrong", "class": "8"} | compared,
            {"image": shown("5", None), "page": 3},
        ],
        "evidence": [
            {"evidence": "Checks"},
            {"evidence": "Disagreements", "right": shown("only Flatten + Dense", "only the second")},
            {
                "evidence": "Disagreements",
                "first_head": "GAP + Dense",
                "second_head": "Flatten + MLP",
                "models_of": 1,
                "right": shown("only GAP + Dense", "only the first"),
            }
            | compared,
            {
                "evidence": "Disagreements",
                "first_head": "GAP, linear maps",
                "second_head": "GAP",
                "right": "both right",
                "right_page": 2,
            }
            | compared,
            {"evidence": "Disagreements", "right": "both wrong"},
            {"evidence": "What it looks at", "looks": "right by one head", "looks_for": "3", "opacity": 30},
            {"evidence": "What it looks at", "looks_page": 2, "models_of": 1} | compared,
            {"evidence": "Calibration"},
            {"evidence": "Convergence", "target": 80},
            {"evidence": "Robustness", "stress": shown("Blur", "blur")},
            {"evidence": "Robustness", "stress": shown("Occlusion", "occlusion")} | compared,
            {"evidence": "Cost", "cost": shown("FLOPs an image", "flops"), "cost_log": False},
            {"evidence": "Cost", "cost": shown("Training in all (s)", "train_seconds")} | compared,
            {"evidence": "Knobs", "knob": shown("Filters", "filters")} | compared,
            {"evidence": "Knobs", "knob_runs": "this comparison"},
            *(
                {"evidence": "Knobs", "knob": shown(KNOBS[name].label, name), "knob_runs": "all on these images"}
                for name in ("validation_images", "augmentation", "blocks", "filters", "head_dropout")
            ),
            {"evidence": "Accuracy"} | compared,
            *({"evidence": "Cost", "cost": shown(form.label, name)} for name, form in COST_FORMS.items()),
            *({"evidence": "Robustness", "stress": shown(one.label, name)} for name, one in STRESSES.items()),
        ],
        "train": [
            {"recipe": "kmnist-heads", "heads": shown(["GAP", "VGG head"], ["gap", "vgg"]), "seeds": 3},
            {
                "heads": shown(["Flatten + MLP", "Flatten + Dense"], ["mlp", "dense"]),
                "epochs": 7,
                "batch_size": 50,
                "learning_rate": 0.01,
                "train_images": 500,
                "seeds": 4,
            },
            {
                "backbone": shown("Conv–pool blocks with a last convolution", "conv_tail"),
                "blocks": 3,
                "filters": 64,
                "dropout": 0.5,
                "units": 512,
                "epochs": 100,
            },
            {
                "heads": shown(["GAP + MLP", "Flatten + Dense"], ["gap_mlp", "dense"]),
                "hidden": "32-16",
                "head_dropout": 0.3,
                "patience": 3,
                "augment": "rotation=10,shift=0.1",
                "loss": "sparse",
                "l2": 0.001,
                "kernel_size": 5,
                "padding": "same",
            },
            {
                "sweep": True,
                "swept": shown(["Epochs", "Blocks"], ["epochs", "blocks"]),
                "values_epochs": ["1", "2"],
                "values_blocks": ["1", "3"],
                "budget": 60,
                "seeds": 1,
            },
            {
                "sweep": True,
                "swept": shown(["Augmentation", "L2 penalty"], ["augmentation", "l2"]),
                "values_augmentation": ["none", "rotation=10"],
                "values_l2": ["0", "0.001"],
            },
            {
                "heads": shown([head.label for head in HEADS.values()], list(HEADS)),
                "sweep": True,
                "swept": shown([KNOBS[name].label for name in SWEPT], list(SWEPT)),
                **{f"values_{name}": [text] for name, text in SWEPT.items()},
            },
            {
                "recipe": "transfer-heads",
                "sweep": True,
                "swept": shown([KNOBS["side"].label, KNOBS["frozen"].label], ["side", "frozen"]),
                "values_side": ["64"],
                "values_frozen": ["false"],
            },
            *({"recipe": name} for name in RECIPES),
            *({"dataset": shown(dataset.label, name)} for name, dataset in DATASETS.items()),
            *(
                {"recipe": "folder-heads", "backbone": shown(backbone.label, name)}
                for name, backbone in BACKBONES.items()
            ),
            {"recipe": "folder-heads", "folder": "shapes", "image_side": 32, "filters": 8, "train_images": 30},
            {"dataset": shown("Own images", "folder"), "backbone": shown("MobileNet (ImageNet)", "mobilenet")},
            {"recipe": "transfer-heads", "frozen": False, "image_side": 64},
            {"recipe": "celeba-heads", "attribute": "Smiling", "validation_images": shown("500", None)},
            {"dataset": shown("Fashion-MNIST", "fashion_mnist")},
            {"followed": followed(older)},
            {"followed": followed(newest), "against": "Filters"},
        ],
        "jobs": [{"job": shown(f"{write_name(job)} · {job.run_id}", job.run_id)} for job in jobs.values()],
        "augmentation": [
            {"data": "Folder shapes", "first": 3},
            {"augmentation": "rotation=10,shift=0.1", "augment_seed": 5},
            {"augmentation": "flip_horizontal,random_crop=0.8", "first": 100} | compared,
            *({"data": dataset.label} for name, dataset in DATASETS.items() if name != "folder"),
        ],
        "runs": [
            {"runs_search": "tag:paper"},
            {"runs_search": "head:gap acc>0.1 is:star -tag:draft"},
            {"runs_dataset": "digits", "runs_head": "GAP + Dense", "runs_order": "most accurate first"},
            {"runs_dataset": "folder", "runs_order": "fewest parameters first"},
            *({"runs_head": head.label, "runs_order": "newest first"} for head in HEADS.values()),
            {"runs_archived": True, "runs_order": "by name", "runs_search": "kernel_size:5"},
        ],
        "reports": [
            {"report": shown(draft, None)},
            {"report": shown(published, None), "editing": True},
            {"report": shown(f"{published}-1", None)},
            {"report": shown(f"{published}-2", None)} | compared,
            {"reports_search": "every view"},
        ],
        "lab": [
            {
                "lab_signal": "sine",
                "lab_kernel1": "Gaussian",
                "lab_1d_padding": "same",
                "lab_1d_s": 2,
                "lab_1d_step": 3,
            },
            {
                "lab_x": "1 2 3 4 5 6",
                "lab_w": "1 0 -1",
                "lab_1d_p": 4,
                "lab_1d_d": 2,
                "lab_1d_operation": "cross-correlation",
            },
            {
                "lab_topic": "2D convolution",
                "lab_2d_image": "checkerboard",
                "lab_kernel2": "Sobel, left to right",
                "lab_2d_padding": "full",
                "lab_2d_s": 2,
                "lab_2d_d": 2,
                "lab_2d_operation": "cross-correlation",
                "lab_2d_step": 9,
            },
            {"lab_topic": "2D convolution", "lab_2d_x": "1 2 3\n4 5 6\n7 8 9", "lab_w2": "1 0\n0 1", "lab_2d_p": 0},
            {"lab_topic": "2D convolution", "lab_2d_image": "a scanned digit", "lab_2d_scan": 17},
            *(
                {"lab_signal": signal, "lab_kernel1": kernel, "lab_1d_padding": padding}
                for signal, kernel, padding in zip(cycle(SIGNALS), KERNELS_1D, cycle(("valid", "full", "own")))
            ),
            *(
                {"lab_topic": "2D convolution", "lab_2d_image": image, "lab_kernel2": kernel, "lab_2d_padding": padding}
                for image, kernel, padding in zip(
                    cycle((*PATTERNS, *PHOTOS)), KERNELS_2D, cycle(("valid", "same", "own"))
                )
            ),
            {"lab_topic": "Output size", "lab_n": 20, "lab_m": 7, "lab_p": 3, "lab_s": 2, "lab_d": 2},
            {
                "lab_topic": "Pooling",
                "lab_pool_image": "ring",
                "lab_pool_window": 3,
                "lab_pool_stride": 1,
                "lab_pool_step": 5,
                "lab_pool_seed": 4,
                "lab_pool_weights": "1 0\n0 1",
            },
            {"lab_topic": "Pooling", "lab_pool_image": "a scanned digit", "lab_pool_scan": 9},
            {"lab_topic": "Pooling", "lab_pool_x": "1 2 3\n4 5 6\n7 8 9"},
            {
                "lab_topic": "Channels",
                "lab_channel_photo": "china",
                "lab_channel_red": "identity",
                "lab_channel_green": "Gaussian",
                "lab_channel_blue": "emboss",
                "lab_channel_bias": 10,
                "lab_cost_n": 64,
                "lab_cost_c": 3,
                "lab_cost_k": 16,
                "lab_cost_m": 5,
            },
            {
                "lab_topic": "Pictures",
                "lab_array_photo": "china",
                "lab_array_plane": "blue",
                "lab_array_row": 20,
                "lab_array_column": 30,
            },
            {
                "lab_topic": "Regularization",
                "lab_l2_w": "1 2 3",
                "lab_l2_strength": 1.5,
                "lab_l2_best": 3.0,
                "lab_dropout_x": "1 2 3 4",
                "lab_dropout_rate": 0.25,
                "lab_dropout_seed": 7,
            },
            {"lab_topic": "Losses", "lab_logit": -2.0, "lab_target": 0, "lab_logits": "1 2 3 4", "lab_label": 3},
        ],
        "draw": [
            {"drawn_from": "file"},
            {"drawn_from": "draw"},
            {"drawn_from": "camera", "drawn_seed": 1} | compared,
            {"drawn_from": "file", "drawn_for": shown("3", None), "drawn_opacity": shown("30", None)},
            {"compare": offer(folder), "drawn_from": "camera"},
        ],
    }
    return [
        {
            "page": page,
            "link": f"/{page}?{urlencode({n: write(v) for n, v in link.items()}, doseq=True)}",
            "values": {n: v[1] if isinstance(v, tuple) else v for n, v in link.items()},
        }
        for page, links in pages.items()
        for link in links
    ]


def write(value: Any) -> Any:
    """As the former version wrote a value into a link."""
    if isinstance(value, tuple):
        return value[0]
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, list) else str(value)
