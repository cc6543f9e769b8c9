"""Deterministic preview of each transform."""

import streamlit as st

from core.augment.transform import Transform
from core.displays.image_strip import Row, build_strip
from core.displays.markdown import escape_markdown
from core.spec import TRANSFORMS
from core.ui.augmentation.images import SelectedImages, format_size

_SHOWN = 3


def show_transforms(selected: SelectedImages) -> None:
    """Show every transform with a slider, the original images and the results."""
    st.header("Single transforms", anchor=False)
    st.caption("Original images (top) and results (bottom). These previews are not random.")
    entries = list(TRANSFORMS.values())
    for start in range(0, len(entries), 3):
        for column, entry in zip(st.columns(3, gap="large"), entries[start : start + 3], strict=False):
            with column:
                _show_transform(selected, entry.name)


@st.fragment
def _show_transform(selected: SelectedImages, name: str) -> None:
    entry = TRANSFORMS[name]
    amount = _choose_amount(entry)
    html, size = _draw_transform(selected.key, name, amount, selected)
    st.html(html)
    values = [] if entry.amount.is_switch else [entry.amount.write(amount)]
    values += [f"{selected.size} → {size} pixels"] if size != selected.size else []
    st.caption(" ".join([entry.summary, *([f"Shown: {escape_markdown('; '.join(values))}."] if values else [])]))


def _choose_amount(entry: Transform) -> float:
    scale, key = entry.amount, f"amount-{entry.name}"
    if scale.is_switch:
        return float(st.toggle(entry.label, bool(scale.default), key=key, help=entry.details))
    unit = f" ({scale.unit})" if scale.unit else ""
    return st.slider(
        f"{entry.label}{unit}",
        float(scale.low),
        float(scale.high),
        float(scale.default),
        float(scale.step),
        format="%g",
        key=key,
        help=entry.details,
    )


@st.cache_data(show_spinner=False, max_entries=512)
def _draw_transform(key: str, name: str, amount: float, _selected: SelectedImages) -> tuple[str, str]:
    """Return the image strip and the size of a result."""
    entry, images = TRANSFORMS[name], list(_selected.images[:_SHOWN])
    results = [entry.apply(image, amount) for image in images]
    description = f"{entry.label.lower()} {entry.amount.write(amount)}"
    rows = [
        Row("original", images, _selected.describe("original")[:_SHOWN]),
        Row("result", results, _selected.describe(description)[:_SHOWN]),
    ]
    return build_strip(rows, labels=False), format_size(results[0])
