"""What the heads look at: maps that are stored, computed now, damaged or not there, and drawings of one's own."""

import io
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.analysis.live import LiveModel
from core.analysis.look import look, prepare_picture
from core.datasets.cache import open_dataset
from core.datasets.drawing import fit_drawing
from core.datasets.view import open_view
from core.displays.overlay import describe_shares
from core.displays.views.activation import Activation
from core.errors import DatasetError, RunDamagedError
from core.home import EXAMPLES, Home
from core.spec import DATASETS
from core.store.comparison import Comparison
from core.store.maps import MOST_BYTES, MOST_FLOPS, MOST_IMAGES, NAME, count_images, read_maps, save_maps
from core.store.run import Run
from core.store.runs import RunStore
from tests.support.page import navigated, open_page, read_tables
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

Open = Callable[..., AppTest]
LOOKS = "What it looks at"
DIGITS = {"mnist", "digits", "kmnist", "fashion_mnist"}


@pytest.fixture(name="open_page")
def _open_page(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a page over the home alone; no exception may reach the person."""
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))
    opened: list[AppTest] = []

    def run(page: str, /, **params: str) -> AppTest:
        opened.append(open_page(page, **params))
        return opened[-1]

    with navigated():
        yield run
    for app in opened:
        assert not app.exception
        assert not [error.value for error in app.error if "Something went wrong" in error.value]


@pytest.fixture
def examples(home: Home) -> list[Run]:
    """The examples as runs of the home: two heads that were really trained, three seeds; seed 0 with its model."""
    home.runs.mkdir(parents=True)
    for folder in EXAMPLES.iterdir():
        if (folder / "record.json").is_file():
            shutil.copytree(folder, home.runs / folder.name)
    store = RunStore(home, examples=home.path / "none")
    return [store.open(folder.name) for folder in sorted(home.runs.iterdir())]


def html_of(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def without_maps(run: Run) -> Run:
    """As a run was before there were maps."""
    (run.path / NAME).unlink()
    record = run.record.model_copy(update={"checksums": {k: v for k, v in run.record.checksums.items() if k != NAME}})
    (run.path / "record.json").write_text(record.model_dump_json())
    return Run.open(run.path)


# Stored maps


def test_stored_maps_stay_small_and_quick_whatever_the_head() -> None:
    for size in (1, 500, 98_000, 2_000_000, 10**9):
        for flops in (1, 10**6, 4 * 10**9, 10**12):
            count = count_images(10_000, size, flops)
            assert 1 <= count <= MOST_IMAGES
            assert count == 1 or (count * size <= MOST_BYTES and count * flops <= MOST_FLOPS)
    assert count_images(10_000, 500, 10**6) == MOST_IMAGES
    assert count_images(3, 500, 10**6) == 3


@pytest.mark.parametrize("size", [1e-20, 1.0, 1e9])
def test_stored_maps_keep_three_digits_whatever_their_size(make_run: RunWriter, size: float) -> None:
    run = make_run()
    maps = (size * np.random.default_rng(0).normal(size=(3, 10, 5, 5))).astype(np.float32)
    maps[0, 0, 0, 0], maps[1] = np.nan, 0
    save_maps(run.path / NAME, maps, np.zeros(10, np.float32), exact=True)
    found = read_maps(rewrite(run))
    assert found
    np.testing.assert_allclose(found.maps, maps, rtol=1e-3, atol=1e-6 * size)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_damaged_maps_are_told_in_one_sentence(make_run: RunWriter, content: bytes | None) -> None:
    run = make_run()
    (run.path / NAME).write_bytes(content if content is not None else (run.path / NAME).read_bytes()[:200])
    with pytest.raises(RunDamagedError, match="got other bytes; train it again with"):
        read_maps(run)
    with pytest.raises(RunDamagedError, match="Expected readable activation maps in run"):
        read_maps(rewrite(run))


def test_maps_of_other_classes_are_refused(make_run: RunWriter) -> None:
    run = make_run()
    save_maps(run.path / NAME, np.zeros((4, 3, 5, 5), np.float32), np.zeros(3, np.float32), exact=True)
    with pytest.raises(RunDamagedError, match=r"Expected activation maps of 10 classes .* \(4, 3, 5, 5\)"):
        read_maps(rewrite(run))


def test_run_without_maps_and_model_says_how_to_get_them(make_run: RunWriter) -> None:
    run = without_maps(make_run())
    found = look(run, [0, 1], lambda: np.zeros((2, 28, 28, 1), np.uint8))
    assert found.maps is None
    assert "trained before activation maps were kept" in found.silence
    assert "train it again" in found.silence


def test_images_beyond_the_stored_ones_need_the_model(make_run: RunWriter) -> None:
    assert (
        "of the first 24 test images" in look(make_run(), [23, 24], lambda: np.zeros((2, 28, 28, 1), np.uint8)).silence
    )


def test_model_computes_what_is_not_stored(examples: list[Run], home: Home) -> None:
    for run in examples:
        if not run.has("model.tflite"):
            continue
        images = [300, 7]
        pictures = np.array(open_view(home, run.spec).test_images)[images]
        found = look(run, images, lambda pictures=pictures: pictures)
        assert found.maps is not None
        assert found.exact == (run.spec.head == "gap")
        if found.exact:
            logits = found.maps.mean(axis=(2, 3)) + found.bias
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            probs = powers / powers.sum(axis=1, keepdims=True)
            np.testing.assert_allclose(probs, run.predictions.test_probs[images], atol=1e-5)


def test_sessions_that_ask_at_once_get_their_own_answers(examples: list[Run], home: Home) -> None:
    run = next(run for run in examples if run.has("model.tflite"))
    pictures, model = np.array(open_view(home, run.spec).test_images[:40]), LiveModel(run)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda picture: model.answer(picture[np.newaxis]).probs[0], pictures))
    np.testing.assert_allclose(answers, run.predictions.test_probs[:40], atol=1e-5)


def test_images_that_are_gone_leave_a_sentence(examples: list[Run], home: Home) -> None:
    path, fingerprint = home.datasets / "digits" / "dataset.json", open_dataset(home, "digits").info.fingerprint
    path.write_text(path.read_text().replace(fingerprint, "0123456789abcdef"))
    run = next(run for run in examples if run.has("model.tflite"))
    display = Activation(Comparison.of([without_maps(run) if NAME in run.record.checksums else run]), home)
    assert display.frame().empty
    assert display.chart() is None
    assert "the pictures of these runs cannot be shown" in display.describe()


def test_zero_maps_are_told_as_such(make_run: RunWriter) -> None:
    run = make_run(head="dense")
    save_maps(run.path / NAME, np.zeros((24, 10, 5, 5), np.float32), np.zeros(10, np.float32), exact=False)
    display = Activation(Comparison.of([rewrite(run)]), about=3)
    assert "nothing speaks for 3 or against it" in display.describe()
    assert not display.frame()["share"].any()
    assert "an empty map" in display.draw().html


def test_frame_holds_the_stored_values(make_run: RunWriter) -> None:
    run = make_run(head="gap")
    stored = read_maps(run)
    assert stored
    frame = Activation(Comparison.of([run]), images=(2, 5), about=4).frame()
    for image, cells in frame.groupby("image"):
        expected = stored.maps[int(image), 4]
        np.testing.assert_array_equal(cells["value"].to_numpy().reshape(expected.shape), expected)
        share = expected / np.abs(stored.maps[int(image)]).max()
        np.testing.assert_allclose(cells["share"].to_numpy().reshape(expected.shape), share, rtol=1e-6)
    assert frame["shown"].unique().tolist() == ["4"]


# The section of the Evidence page


@pytest.mark.parametrize("heads", [("gap",), ("gap", "dense"), ("gap", "gap_dense", "dense")])
def test_section_stands_for_any_number_of_heads(open_page: Open, make_run: RunWriter, heads: tuple[str, ...]) -> None:
    for head in heads:
        make_run(head=head)
    app = open_page("evidence", evidence=LOOKS)
    assert not [*app.error, *app.warning, *app.info]
    assert html_of(app).count("var(--maps)") == 6 * len(heads)
    app.slider(key="opacity").set_value(20).run()
    assert '--maps:0.2"' in html_of(app)
    app.selectbox(key="looks_for").set_value("7").run()
    assert "for 7 most at" in html_of(app)
    assert not [*app.error, *app.warning]


def test_figures_say_where_the_evidence_is(open_page: Open, make_run: RunWriter) -> None:
    for head in ("gap", "dense"):
        make_run(head=head)
    app = open_page("evidence", evidence=LOOKS)
    app.session_state["figures-looks"] = True
    app.run()
    table = read_tables(app)[0]
    assert table["Head"].tolist() == ["GAP", "Flatten + Dense"] * 6
    assert table["What the map says"].str.startswith("for ").all()


def test_section_without_maps_says_so_for_each_head(open_page: Open, make_run: RunWriter) -> None:
    for head in ("gap", "dense"):
        without_maps(make_run(head=head))
    app = open_page("evidence", evidence=LOOKS)
    assert [info.value.partition(":")[0] for info in app.info] == ["GAP", "Flatten + Dense"]
    assert not app.error


def test_section_with_damaged_maps_names_them(open_page: Open, make_run: RunWriter) -> None:
    run = make_run()
    (run.path / NAME).write_bytes(b"something else")
    app = open_page("evidence", evidence=LOOKS)
    assert [f"Expected {NAME} of run {run.run_id} as it was written" in error.value for error in app.error] == [True]


def test_dialog_of_an_image_shows_what_the_heads_look_at(open_page: Open, make_run: RunWriter) -> None:
    make_run()
    app = open_page("predictions", image="3")
    assert "Test image 3" in html_of(app)


# Drawings


def picture(array: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def seven(ink: int = 255, ground: int = 0) -> NDArray[np.uint8]:
    board = np.full((280, 280), ground, np.uint8)
    board[50:75, 60:200] = ink
    for row in range(75, 240):
        left = 190 - (row - 75) // 2
        board[row, left - 12 : left + 12] = ink
    return board


@pytest.mark.parametrize("name", sorted(DIGITS))
def test_drawing_has_the_size_and_ground_of_the_dataset(name: str) -> None:
    drawing = DATASETS[name].drawing
    assert drawing
    image = fit_drawing(seven()[..., np.newaxis], drawing, 28)
    assert (image.shape, image.dtype) == ((28, 28, 1), np.uint8)
    assert image.max() > 200
    np.testing.assert_array_equal(image, fit_drawing(seven(0, 255)[..., np.newaxis], drawing, 28))


def test_only_drawn_data_has_a_canvas() -> None:
    assert {name for name, dataset in DATASETS.items() if dataset.drawing} == DIGITS


def test_images_of_mnist_stay_what_they_are(test_data: Path) -> None:
    """They were made in this way; Pillow's rounding moves some by a pixel at most."""
    drawing = DATASETS["mnist"].drawing
    assert drawing
    with np.load(test_data / "mnist.npz") as arrays:
        images = arrays["x_test"][:300, ..., np.newaxis]
    found = np.stack([fit_drawing(image, drawing, 28) for image in images])
    assert np.mean(np.abs(found.astype(int) - images).mean(axis=(1, 2, 3)) < 1) > 0.97


@pytest.mark.parametrize("place", [(0, 0), (0, 27), (27, 13), (13, 13)])
def test_one_dot_fills_the_box_wherever_it_is(place: tuple[int, int]) -> None:
    drawing = DATASETS["mnist"].drawing
    assert drawing
    dot = np.zeros((28, 28, 1), np.uint8)
    dot[place] = 255
    image = fit_drawing(dot, drawing, 28)
    assert (image > 0).sum() == 20 * 20


@pytest.mark.parametrize("level", [0, 90, 255])
def test_empty_drawing_is_refused(level: int) -> None:
    drawing = DATASETS["mnist"].drawing
    assert drawing
    with pytest.raises(DatasetError, match="got an empty picture"):
        fit_drawing(np.full((50, 40, 1), level, np.uint8), drawing, 28)


def give(app: AppTest, data: bytes, name: str = "seven.png") -> AppTest:
    return app.file_uploader[0].set_value((name, data, "image/png")).run()


def test_heads_answer_a_file(open_page: Open, examples: list[Run]) -> None:
    app = open_page("draw", drawn_from="file")
    assert [info.value for info in app.info] == ["Nothing is there yet: the heads answer as soon as something is."]
    give(app, picture(seven(30, 230), "JPEG"))
    assert not [*app.error, *app.info]
    expected = {}
    for run in examples:
        if run.has("model.tflite"):
            probs = LiveModel(run).answer(prepare_picture(picture(seven(30, 230), "JPEG"), run)[np.newaxis]).probs[0]
            expected[run.spec.head] = f"{probs.argmax()} ({100 * probs.max():.1f} %)"
    assert app.markdown[-1].value == f"#### GAP: {expected['gap']} · Flatten + Dense: {expected['dense']}"
    html = html_of(app)
    assert html.count("var(--maps)") == 2
    assert "as the models see it" in html
    app.selectbox(key="drawn_for").set_value("4").run()
    assert "what speaks for 4" in html_of(app)
    assert not app.error


def cmyk() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(seven()).convert("RGB").convert("CMYK").save(buffer, "JPEG")
    return buffer.getvalue()


def huge() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")
    return buffer.getvalue()


def test_foreign_file_is_answered_or_refused_in_one_sentence(open_page: Open, examples: list[Run]) -> None:
    app = open_page("draw", drawn_from="file")
    for data, told in [
        (b"", "an empty one"),
        (b"<svg>", "bytes that are none of these"),
        (picture(seven())[:200], "damaged or truncated"),
        (huge(), "of at most 50,000,000 pixels"),
        (picture(np.zeros((40, 40), np.uint8)), "got an empty picture"),
    ]:
        give(app, data)
        assert len(app.error) == 1
        assert told in app.error[0].value
    give(app, cmyk())
    assert not app.error


def test_model_that_was_left_out_is_told_with_a_way_on(open_page: Open, examples: list[Run]) -> None:
    app = open_page("draw", drawn_from="file", drawn_seed="1")
    assert [("(seed 1) was left out; choose seed 0" in info.value) for info in app.info] == [True, True]


def test_runs_without_any_model_say_what_to_do(open_page: Open, make_run: RunWriter) -> None:
    make_run()
    app = open_page("draw")
    assert ["train it here" in info.value for info in app.info] == [True]


def test_damaged_model_is_named(open_page: Open, examples: list[Run]) -> None:
    run = next(run for run in examples if run.has("model.tflite"))
    with (run.path / "model.tflite").open("r+b") as file:
        file.truncate(5000)
    st.cache_resource.clear()  # what other tests have opened
    app = open_page("draw", drawn_from="file")
    assert ["Expected model.tflite of run" in error.value for error in app.error] == [True]


def test_empty_home_says_what_to_do(open_page: Open) -> None:
    assert open_page("draw").header[0].value == "No runs yet"


def test_answer_takes_a_tenth_of_a_second_at_most(examples: list[Run]) -> None:
    runs = [run for run in examples if run.has("model.tflite")]
    models = [LiveModel(run) for run in runs]
    data, seconds = picture(seven()), []
    for _ in range(7):
        begin = time.perf_counter()
        for run, model in zip(runs, models, strict=True):
            model.answer(prepare_picture(data, run)[np.newaxis])
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 0.1


def test_place_of_the_strongest_is_said_in_words() -> None:
    shares = np.zeros((5, 5), np.float32)
    shares[4, 0], shares[2, 2] = 1, -0.5
    assert describe_shares(shares, "a") == (
        "for a most at the bottom left (100 %), against it most at the centre (50 %)"
    )
