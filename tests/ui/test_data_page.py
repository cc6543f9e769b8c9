"""The Data page in Streamlit's test runner: every state of a dataset, every section, removal and restoration."""

import shutil
from concurrent.futures import Future
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.datasets import fetch
from core.datasets.background import BackgroundJob
from core.datasets.cache import CachedDataset
from core.datasets.fetch import fetching
from core.datasets.inspect import inspect_dataset
from core.datasets.report import SkippedFile, read_report, write_report
from core.displays.markdown import escape_markdown
from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from core.ui.data import sections
from core.ui.data.sections import SECTIONS
from tests.support.comparison_cases import HOSTILE_NAMES
from tests.support.dataset_writer import SKIPPED, write_dataset
from tests.support.page import Open, labels, read_tables, text_of
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


@pytest.fixture
def open_data(open_page: Open) -> Open:
    return partial(open_page, "data")


def headline(app: AppTest) -> str:
    return str(app.main.markdown[0].value).strip("*")


def html_of(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.main.get("html"))


def messages(home: Home) -> list[str]:
    """Return the findings of the custom dataset as Markdown, the most severe first."""
    data = inspect_dataset(home, "folder-mine")
    return [escape_markdown(finding.message) for finding in data.report.findings]


def links(app: AppTest) -> dict[str, Any]:
    return {link.proto.label: link.proto for link in app.main.get("page_link")}


def test_bundled_dataset_of_the_comparison_is_shown_first(open_data: Open, make_run: RunWriter) -> None:
    run = make_run()
    app = open_data()
    assert app.selectbox(key="dataset_shown").value == "digits"
    assert headline(app).startswith(
        "Digits: 10 classes with 174 to 183 images each; 1,149 training, 288 validation and 360 test images. 2 of 360 "
    )
    assert "57a9b88f518d5397" in text_of(app)
    assert [(tile.label, tile.value) for tile in app.metric] == [
        ("Images", "1,797"), ("Classes", "10"), ("Findings", "1"), ("Image size", "28 × 28"),
    ]  # fmt: skip
    assert html_of(app).count("<img ") == 20
    assert not [*app.error, *app.warning, *app.info]
    assert links(app)["Train on this dataset"].query_string == "recipe=digits-heads"
    app = open_data(data_section="source")
    assert "1 finished run used this dataset." in text_of(app)
    assert run.run_id not in text_of(app)  # a click opens it
    assert "Remove dataset" not in labels(app)


@pytest.mark.parametrize(("page", "key"), [("data", "dataset_shown"), ("advisor", "advice_data")])
def test_own_images_are_shown_first_until_the_home_has_runs(
    page: str, key: str, open_page: Open, home: Home, make_run: RunWriter
) -> None:
    assert open_page(page).selectbox(key=key).value == "digits"
    write_dataset(home, ("cat", "dog"), train=40, test=10)
    assert open_page(page).selectbox(key=key).value == "folder-mine"
    make_run()
    assert open_page(page).selectbox(key=key).value == "digits"


@pytest.mark.parametrize("report", [True, False])
def test_every_section_of_an_added_dataset_shows_its_text_unchanged(open_data: Open, home: Home, report: bool) -> None:
    write_dataset(home, HOSTILE_NAMES, train=40, test=10, report=report)
    found = messages(home)
    assert bool(found) == report
    for section in SECTIONS:
        app = open_data(dataset_shown="folder-mine", data_section=section)
        assert links(app)["Train on this dataset"].query_string == "recipe=folder-heads&folder=mine"
        assert not [*app.warning, *app.exception], section
        assert not app.error, section
        assert "<script" not in html_of(app)
        drawn = text_of(app)
        assert headline(app).startswith("Folder mine: 10 classes with 5 images each; 32 training, 8 validation")
        more = f" {len(found) - 1} more findings." if len(found) > 2 else " 1 more finding."
        assert headline(app).endswith(found[0] + more if report else "2 files left out.")
        if section == "overview":
            listed = [fold.label for fold in app.expander] + [line.value for line in app.markdown]
            assert all(any(text in line for line in listed) for text in found)
            assert ("Search" in labels(app)) != report
        if section == "left_out":
            table = read_tables(app)[0]
            assert table["File"].tolist() == [one.file for one in SKIPPED]
            assert len(app.main.get("download_button")) == 1
        if section == "input":
            assert ("were not recorded" in drawn) != report
        if section == "source":
            assert "Remove dataset" in labels(app)


def test_worst_finding_shows_its_images_and_long_lists_have_pages(open_data: Open, home: Home) -> None:
    path = write_dataset(home, ("cat", "dog"), train=40, test=10)
    app = open_data(dataset_shown="folder-mine")
    worst, other = app.expander[:2]
    assert worst.label.startswith(":red[**Leaked test images:**]")
    assert (worst.proto.expanded, other.proto.expanded) == (True, False)
    assert 'alt="Test image 0, cat"' in html_of(app)
    report = read_report(path)
    assert report is not None
    reasons = ("This image file is empty.", "The folder is empty. " + "x" * 300)
    skipped = tuple(SkippedFile(file=f"a/{k}.jpg" if k else "b/", reason=reasons[k % 2]) for k in range(30))
    write_report(path, report.model_copy(update={"skipped": skipped}))
    app = open_data(dataset_shown="folder-mine", data_section="left_out")
    assert "29 files and 1 folder could not be used." in text_of(app)
    assert len(app.get("vega_lite_chart")) == 1
    shown = []
    for page in (1, 2, 3):
        app.number_input(key="left_out_page").set_value(page).run()
        shown += read_tables(app)[0]["Reason"].tolist()  # wrapped text in HTML, never a grid that clips it
    assert shown == [one.reason for one in skipped]


def test_leak_states_its_effect_on_the_newest_runs(open_data: Open, home: Home, make_run: RunWriter) -> None:
    write_dataset(home, ("cat", "dog"), train=40, test=10)
    for seed in range(2):
        make_run(dataset="folder", folder="mine", seed=seed)
    assert "without them" not in text_of(open_data(dataset_shown="folder-mine"))  # runs on another version
    found = inspect_dataset(home, "folder-mine").info.fingerprint
    spec = RunSpec(dataset="folder", folder="mine")
    older = make_run(spec, epochs=9, data=found)
    runs = [make_run(spec, epochs=3, data=found, head=head) for head in ("gap", "dense")]
    for day, run in enumerate([older, *runs], 1):
        rewrite(run, data={"fingerprint": found}, finished_at=f"2027-11-0{day}T00:00:00+00:00")
    app = open_data(dataset_shown="folder-mine")
    assert "1 of 360 test images is also a training image. Test accuracy without them: " in text_of(app)
    assert "GAP compared with Flatten + Dense" in text_of(app)
    query = parse_qs(links(app)["View the evidence"].query_string)
    assert sorted(query["compare"][0].removeprefix("runs:").split(",")) == sorted(run.run_id for run in runs)


def test_samples_follow_the_filters_and_the_link(open_data: Open, home: Home) -> None:
    write_dataset(home, ("cat", "dog"), train=60, test=7, shape=(8, 8, 3))
    app = open_data(dataset_shown="folder-mine", data_section="images", sample_class="1", sample_page="1")
    assert "24 training images of" in text_of(app)
    assert "24 of 24" not in text_of(app)
    assert html_of(app).count(", dog") == 24
    assert 'alt="Training image 1, dog"' in html_of(app)
    assert "cat/photo [1](x).jpg" in html_of(app)
    app.button_group(key="sample_split").set_value("test").run()
    assert html_of(app).count("<img ") == 3
    assert app.query_params["sample_split"] == "test"
    app.selectbox(key="sample_class").set_value(None).run()
    assert html_of(app).count("<img ") == 7
    write_dataset(home, ("cat", "dog", "none"), name="small", train=2, test=2, validation=1)
    app = open_data(dataset_shown="folder-small", data_section="images", sample_class="2")
    assert app.info[0].value.startswith("No image of this split has this class.")


def test_pixel_values_of_a_large_dataset_show_progress(
    open_data: Open, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(home, ("cat", "dog"))
    job = BackgroundJob(30, 120, Future())
    waited: list[float] = []

    def follow(home: Home, dataset: CachedDataset, wait_seconds: float) -> BackgroundJob:
        waited.append(wait_seconds)
        return job

    with monkeypatch.context() as patch:
        patch.setattr(sections, "follow_statistics", follow)
        app = open_data(dataset_shown="folder-mine", data_section="pixels")
        assert "30 of 120 images" in app.get("progress")[0].proto.text
        assert not app.error
        assert sum(waited) < 0.15  # the rest of the page does not wait
    assert [header.value for header in app.run().header] == ["Mean image per class", "Pixel values per class"]


def test_dataset_that_is_not_available_says_what_it_is_and_how_to_get_it(open_data: Open, home: Home) -> None:
    app = open_data(dataset_shown="kmnist")
    assert headline(app) == "KMNIST is not downloaded."
    assert "CC BY-SA 4.0" in text_of(app)
    assert "60,000 training and 10,000 test images, 28 × 28 pixels" in text_of(app)
    assert "Download KMNIST" in labels(app)
    assert not app.info  # the headline states it
    assert "Download: 170 MB." in text_of(open_data(dataset_shown="cifar10"))
    app = open_data(dataset_shown="celeba")
    assert headline(app) == "CelebA is not added."
    assert "headroom datasets add celeba PATH" in app.info[0].value
    app = open_data(dataset_shown="folder")
    assert headline(app) == "Add your own images."
    assert "headroom datasets add NAME PATH" in text_of(app)
    assert len(app.get("file_uploader")) == 1
    app = open_data(dataset_shown="folder-gone")
    assert app.warning[0].value == 'Dataset "folder-gone" was not found; it may have been deleted. Select another one.'


def test_dataset_that_is_being_added_or_damaged_is_a_page_too(open_data: Open, home: Home) -> None:
    with fetching(home, "folder-new", unit="files") as report:
        report(3, 10)
        app = open_data(dataset_shown="folder-new")
        assert headline(app) == "Folder new is being added."
        assert "3 of 10 files" in app.get("progress")[0].proto.text
    fetch.forget(home, "folder-new")
    path = write_dataset(home, ("cat", "dog"))
    assert not open_data(dataset_shown="folder-mine", data_section="source").error
    app = open_data(dataset_shown="digits")
    with fetching(home, "folder-mine", unit="files"):
        app.session_state["added-folder"] = "folder-mine"  # as after an upload
    app.run()
    assert app.selectbox(key="dataset_shown").value == "folder-mine"
    app.selectbox(key="dataset_shown").select("digits").run()
    assert app.selectbox(key="dataset_shown").value == "digits"
    (path / "test_images.npy").write_bytes(b"damaged")
    app = open_data(dataset_shown="folder-mine")
    assert headline(app) == "Folder mine is damaged."
    assert "Remove and add it again: headroom datasets remove mine" in app.error[0].value
    assert str(home.path) not in text_of(app)
    assert "Remove dataset" in labels(app)
    shutil.rmtree(path)
    open_data(dataset_shown="digits")
    (home.datasets / "digits" / "train_labels.npy").unlink()
    app = open_data(dataset_shown="digits")
    assert headline(app) == "Digits is damaged."
    assert "Repair Digits" in labels(app)


def test_removed_dataset_can_be_restored_unless_a_job_needs_it(
    open_data: Open, home: Home, make_run: RunWriter
) -> None:
    path = write_dataset(home, ("cat", "dog"))
    make_run(dataset="folder", folder="mine")
    spec = RunSpec(dataset="folder", folder="mine")
    JobQueue(home).submit([spec])
    app = open_data(dataset_shown="folder-mine", data_section="source")
    assert "The results of 1 run are kept, without images." in text_of(app)
    remove = next(button for button in app.button if button.label == "Remove dataset")
    remove.click().run()
    assert app.error[0].value.startswith("Folder mine is in use by 1 unfinished job.")
    JobQueue(home).cancel(spec.run_id)
    next(button for button in app.button if button.label == "Remove dataset").click().run()
    assert not path.exists()
    assert app.selectbox(key="dataset_shown").value == "digits"
    assert "1 deleted dataset can be restored." in text_of(app)
    next(button for button in app.button if button.label == "Restore 1").click().run()
    assert path.exists()
    assert app.selectbox(key="dataset_shown").value == "folder-mine"


def test_train_page_says_what_was_found(open_page: Open, home: Home) -> None:
    write_dataset(home, ("cat", "dog"), train=40, test=10)
    app = open_page("train", recipe="folder-heads", folder="mine", image_side="16", blocks="1")
    assert messages(home)[0] in app.error[0].value
    assert links(app)["View the data"].query_string == "dataset_shown=folder-mine"
    app = open_page("train", recipe="digits-heads")
    assert "10 classes; 1,149 training, 288 validation and 360 test images." in text_of(app)
    assert not app.error


@pytest.fixture(autouse=True)
def cleared() -> None:
    """Forget datasets of other tests with the same fingerprint."""
    st.cache_resource.clear()
