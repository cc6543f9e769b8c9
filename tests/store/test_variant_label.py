"""Labels of variants: unique, with the backbone if it differs, and otherwise as in published reports."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spec import SETTINGS, RunSpec
from core.store.comparison import Comparison
from core.store.setting_text import FORMER, describe_setting, describe_value
from core.store.variant_label import have_several_backbones, label_run, label_variants
from tests.support.run_writer import RunWriter

IMAGES = RunSpec(dataset="folder", folder="pets", side=96)
MODEL = {"backbone": "model", "model": "photos:0123456789abcdef", "frozen": True}
OTHER = MODEL | {"model": "photos:fedcba9876543210"}
BACKBONES = ({}, {"backbone": "conv_conv_pool"}, {"backbone": "mobilenet_v2", "frozen": True}, MODEL, OTHER)
SPECS = [
    IMAGES.replace(head=head, dropout=dropout, **backbone)
    for head, dropout, backbone in product(("gap", "dense"), (0.0, 0.5), BACKBONES)
]


@given(st.lists(st.sampled_from(SPECS), min_size=1, max_size=8, unique=True))
def test_labels_are_unique_and_those_of_one_backbone_never_change(specs: list[RunSpec]) -> None:
    labels = label_variants(specs)
    assert len({*labels}) == len(specs)
    if have_several_backbones(specs):
        names = ["Conv–pool", "Conv–conv–pool", "MobileNetV2", "model photos"]
        assert all(any(f" · {name}" in label for name in names) for label in labels)
    else:
        assert labels == label_variants(specs, describe_value)


@pytest.mark.parametrize(
    ("specs", "labels"),
    [
        ([{}, {"head": "dense"}], ["GAP", "Flatten + Dense"]),
        ([{}, {"head": "dense", **MODEL}], ["GAP · Conv–pool blocks", "Flatten + Dense · model photos"]),
        ([{}, MODEL], ["GAP · Conv–pool blocks", "GAP · model photos"]),
        ([MODEL, OTHER], ["GAP · model photos (01234567)", "GAP · model photos (fedcba98)"]),
        (
            [MODEL, MODEL | {"frozen": False}, {}],
            [
                "GAP · model photos · frozen backbone",
                "GAP · model photos · trained backbone",
                "GAP · Conv–pool blocks",
            ],
        ),
        ([MODEL, MODEL | {"cut": "block4"}], ["GAP · no cut after", "GAP · cut after block4"]),
    ],
)
def test_label_has_what_distinguishes_a_variant(specs: list[dict[str, object]], labels: list[str]) -> None:
    assert label_variants([IMAGES.replace(head="gap").replace(**one) for one in specs]) == labels


def test_name_of_a_run_has_its_backbone_unless_that_is_the_default() -> None:
    names = [label_run(IMAGES.replace(head="gap", **backbone)) for backbone in BACKBONES]
    own = ["GAP · model photos"] * 2
    assert names == ["GAP", "GAP · Conv–conv–pool blocks", "GAP · MobileNetV2 (ImageNet)", *own]
    assert label_run(RunSpec(elsewhere="net")) == "net"


def test_variants_of_several_backbones_are_no_heads_and_open_by_their_former_labels(make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run(head="gap"), make_run(head="dense", backbone="conv_conv_pool")])
    assert comparison.noun == "variant"
    assert comparison.former_labels == dict(zip(("GAP", "Flatten + Dense"), comparison.labels, strict=True))


def test_settings_that_are_on_or_off_are_described_in_plain_words() -> None:
    for name, setting in SETTINGS.items():
        if setting.kind is bool:
            off, on = (describe_setting(name, value) for value in (False, True))
            assert off != on
            assert not off.startswith("no ")
    frozen = [IMAGES.replace(**MODEL | {"frozen": frozen}) for frozen in (False, True)]
    assert label_variants(frozen, FORMER[0]) == ["GAP · no frozen backbone", "GAP · frozen backbone"]
