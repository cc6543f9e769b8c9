"""The spec: bounds of every setting, one run ID per configuration."""

import math
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.cli.setting_option import _option
from core.errors import SpecError, UnknownNameError
from core.setting import Setting
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS, TRANSFORMS, RunSpec
from core.store.setting_text import describe_value

NUMBERS = {name: setting for name, setting in SETTINGS.items() if setting.kind in (int, float)}
TEXTS = {name: setting for name, setting in SETTINGS.items() if setting.kind is str}
NAMES = {"dataset": DATASETS, "backbone": BACKBONES, "head": HEADS}
CHOICES = {name: setting for name, setting in TEXTS.items() if setting.choices}


def settings_for(name: str) -> dict[str, Any]:
    """Return settings with which the setting is used."""
    for kind, registry in NAMES.items():
        users = [entry for entry in registry if name in registry[entry].uses]
        if users and name not in registry[RunSpec.model_fields[kind].default].uses:
            return {kind: users[0], **({"frozen": True} if name == "trained_stages" else {})}
    return {}


def refused(name: str, value: object) -> str:
    with pytest.raises(SpecError) as caught:
        RunSpec.parse({**settings_for(name), name: value})
    return str(caught.value)


numbers = pytest.mark.parametrize("name", NUMBERS)


@numbers
def test_value_at_a_bound_is_accepted(name: str) -> None:
    setting = NUMBERS[name]
    for bound in (setting.low, setting.high):
        assert getattr(RunSpec.parse({**settings_for(name), name: bound}), name) == bound


@numbers
@pytest.mark.parametrize("side", ["low", "high"])
def test_value_beyond_a_bound_is_rejected_with_name_bounds_and_value(name: str, side: str) -> None:
    setting = NUMBERS[name]
    step = 1 if setting.kind is int else 1e-7
    value = setting.kind(setting.low - step if side == "low" else setting.high + step)
    assert refused(name, value) == f"Expected {name} {setting.bounds}; got {value!r}."


@numbers
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "3", True, [], {}, 10**400, 1 + 2j])
def test_value_of_another_type_is_rejected(name: str, value: object) -> None:
    sentence = refused(name, value)
    assert sentence.startswith(f"Expected {name} ")
    assert f"got {value!r:.80}" in sentence


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.default is not None])
def test_none_is_not_a_value(name: str) -> None:
    assert refused(name, None).endswith("; got None.")


@pytest.mark.parametrize("name", [name for name, setting in NUMBERS.items() if setting.kind is int])
def test_fraction_is_not_a_whole_number(name: str) -> None:
    assert "to be an integer between" in refused(name, 20.5)


@pytest.mark.parametrize("name", NAMES)
def test_unknown_name_is_rejected_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        RunSpec.parse({name: "gpa"})
    hint = "Did you mean 'gap'? " if name == "head" else ""
    assert str(caught.value) == f"Unknown {name} 'gpa'. {hint}Choose one of: {', '.join(NAMES[name])}."


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [3, 1.5, b"gap", ["gap"]])
def test_text_must_be_text(name: str, value: object) -> None:
    assert refused(name, value).startswith(f"Expected {name} ")


@pytest.mark.parametrize("name", CHOICES)
def test_text_must_be_one_of_the_choices(name: str) -> None:
    known = ", ".join(map(repr, CHOICES[name].choices))
    assert refused(name, "other") == f"Expected {name} to be one of {known}; got 'other'."


@pytest.mark.parametrize("name", [name for name, setting in TEXTS.items() if setting.form != "text"])
@pytest.mark.parametrize("value", ["../x", "a b", "64-\n", "-", "-0", "é", "x;" * 50])
def test_text_of_another_form_is_rejected(name: str, value: str) -> None:
    assert refused(name, value) == f"Expected {name} to be {SETTINGS[name].form}; got {value!r:.80}."


@pytest.mark.parametrize("value", [0, 1, "true", "yes", None])
def test_switch_must_be_true_or_false(value: object) -> None:
    assert refused("frozen", value) == f"Expected frozen to be true or false; got {value!r}."


def test_attribute_must_be_one_of_its_dataset() -> None:
    with pytest.raises(
        UnknownNameError, match=r"^Unknown attribute 'Smile'\. Did .*\? Choose one of: 5_o_Clock_Shadow, .*\.$"
    ):
        RunSpec.parse({"dataset": "celeba", "attribute": "Smile"})


@pytest.mark.parametrize("value", ["abc", "G" * 16, "a" * 17, "a" * 16 + "\n", "../../../../../x"])
def test_fingerprint_is_sixteen_hex_digits(value: str) -> None:
    assert refused("data", value).startswith("Expected data to be 16 hex digits; got ")


def test_unknown_setting_is_rejected() -> None:
    assert refused("epoch", 3).startswith("Unknown setting 'epoch'. Did you mean 'epochs'? Choose one of: dataset, ")


@pytest.mark.parametrize("values", [[], "gap", None, 3])
def test_settings_that_are_not_an_object_are_rejected(values: Any) -> None:
    with pytest.raises(SpecError, match=r"^Expected the spec to be a JSON object; got "):
        RunSpec.parse(values)


def test_spec_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        RunSpec().epochs = 3


def test_replaced_value_is_validated() -> None:
    with pytest.raises(SpecError, match="Expected epochs between 1 and 1000; got 0"):
        RunSpec().replace(epochs=0)


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=list(SETTINGS))
def test_setting_has_label_and_help(setting: Setting) -> None:
    assert setting.label
    assert setting.help.endswith(".")
    assert setting.group in ("data", "backbone", "head", "training")
    assert (setting.low is None) == (setting.high is None) == (setting.kind in (str, bool))


@numbers
def test_default_and_slider_range_are_within_the_bounds(name: str) -> None:
    setting = NUMBERS[name]
    spans = [value for value in (setting.default, *(setting.usual or ()), *setting.choices) if value is not None]
    assert [value for value in spans if not setting.low <= value <= setting.high] == []
    assert spans or setting.default is None


# Existing homes contain these IDs: if this test fails, runs of users lose their IDs.
@pytest.mark.parametrize(
    ("values", "run_id"),
    [
        ({}, "44136fa355b3"),
        ({"head": "dense"}, "6d354e639ff1"),
        ({"dataset": "kmnist", "head": "dense", "units": 128, "seed": 3, "data": "0123456789abcdef"}, "4f77bf69efdb"),
        ({"train_images": 500, "learning_rate": 0.01, "dropout": 0.0}, "495825eaa501"),
    ],
)
def test_run_id_is_stable(values: dict[str, Any], run_id: str) -> None:
    assert RunSpec.parse(values).run_id == run_id


@pytest.mark.parametrize("head", HEADS)
def test_unused_setting_does_not_change_the_run_id(head: str) -> None:
    plain = RunSpec(head=head)
    unused = [
        name
        for name, setting in SETTINGS.items()
        if setting.group == "head" and name not in {"head", *HEADS[head].uses}
    ]
    assert unused
    for name in unused:
        setting = SETTINGS[name]
        other = setting.high if name in NUMBERS else True if setting.kind is bool else "7-7"
        assert plain.replace(**{name: other}).run_id == plain.run_id, name


@numbers
def test_used_setting_changes_the_run_id(name: str) -> None:
    plain = RunSpec().replace(**settings_for(name))
    assert plain.replace(**{name: NUMBERS[name].high}).run_id != plain.run_id


FORMS = {
    "data": r"([0-9a-f]{16})?",
    "folder": r"([a-z0-9][a-z0-9_-]{0,39})?",
    "model": r"([a-z0-9][a-z0-9_-]{0,39}(:[0-9a-f]{16})?)?",
    "cut": r"([A-Za-z0-9_][A-Za-z0-9_./-]{0,99})?",
    "attribute": "Male|Smiling|Young",
    "augmentation": r"(flip_horizontal=0\.[1-9])?",
    "hidden": r"[1-9][0-9]{0,2}(-[1-9][0-9]?)?",
}


def values_of(setting: Setting) -> st.SearchStrategy[Any]:
    if setting.name in NAMES:
        return st.sampled_from(list(NAMES[setting.name]))
    if setting.kind is bool:
        return st.booleans()
    if setting.name in FORMS:
        return st.from_regex(FORMS[setting.name], fullmatch=True)
    if setting.kind is str:
        return st.sampled_from(setting.choices)
    if setting.kind is int:
        whole = st.integers(int(setting.low), int(setting.high))
        return whole | st.none() if setting.default is None else whole
    return st.floats(setting.low, setting.high)


specs = st.fixed_dictionaries({}, optional={name: values_of(setting) for name, setting in SETTINGS.items()}).map(
    RunSpec.parse
)


@given(specs)
def test_spec_is_unchanged_after_writing_and_reading(spec: RunSpec) -> None:
    assert RunSpec.parse(spec.model_dump()) == spec
    assert RunSpec.parse(spec.canonical()) == spec
    assert RunSpec.model_validate_json(spec.model_dump_json()) == spec


@given(specs, st.randoms())
def test_order_of_the_settings_does_not_change_the_run_id(spec: RunSpec, chance: random.Random) -> None:
    items = list(spec.model_dump().items())
    chance.shuffle(items)
    assert RunSpec.parse(dict(items)).run_id == spec.run_id


@given(specs, specs)
def test_only_equal_specs_share_a_run_id(one: RunSpec, other: RunSpec) -> None:
    assert (one.run_id == other.run_id) == (one == other)


def test_patience_does_not_change_ids_of_runs_without_it() -> None:
    assert RunSpec().run_id == RunSpec.parse({"patience": None}).run_id
    assert "patience" not in RunSpec().canonical()
    assert RunSpec(patience=3).run_id != RunSpec().run_id


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("blocks", " 3 ", 3), ("dropout", "0.5", 0.5), ("frozen", "True", True), ("padding", "same", "same"),
        ("patience", "none", None), ("train_images", "all", None), ("side", "as stored", None), ("blocks", "x", "x"),
        ("blocks", "none", "none"), ("frozen", "yes", "yes"),
    ],
)  # fmt: skip
def test_setting_parses_typed_text(name: str, text: str, value: object) -> None:
    assert SETTINGS[name].read(text) == value


def list_shown_values(name: str) -> list[object]:
    """Return values that readers see: registered names, choices, suggestions, bounds and the default."""
    setting = SETTINGS[name]
    own = {name: [*registry] for name, registry in NAMES.items()}.get(name, [])
    own += [value for dataset in DATASETS.values() for value in dataset.choices.get(name, ())]
    if not own:
        own = [*setting.suggest(setting.default), setting.low, setting.high]
    if name == "augmentation":
        own = [str(step) for step in (f"{key}={one.strength.low:g}" for key, one in TRANSFORMS.items() if one.strength)]
    return [value for value in own if value is not None and value != ""]


@pytest.mark.parametrize("name", SETTINGS)
def test_every_value_of_a_setting_is_readable_and_read_back(name: str) -> None:
    values = list_shown_values(name)
    setting = SETTINGS[name]
    texts = [describe_value(name, value) for value in values]
    assert len(set(texts)) == len(set(values))
    assert [text for text in texts if re.search(r"_|\de[+-]?\d|\d\.0\b|true|false", text, re.IGNORECASE)] == []
    assert not setting.choices or setting.kind is not str or [*setting.labels] == [*setting.choices]
    assert [setting.read(setting.write(value)) for value in values] == values
    assert [setting.describe(value) for value in setting.labels] == [*setting.labels.values()]
    assert re.search(r"\de[+-]?\d", setting.bounds) is None


def test_help_names_the_values_and_labels_of_every_choice() -> None:
    for setting in SETTINGS.values():
        text = _option(setting).annotation.__metadata__[0].help
        assert all(value in text and label in text for value, label in setting.labels.items())
