"""Text of the author: own images, task lists, and the summary above the headline, in all formats."""

import base64
import io
import random
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.errors import ReportError
from core.home import Home
from core.reports.author_text import parse_markdown, write_html, write_markdown
from core.reports.build import build_document
from core.reports.document import Document, Passage
from core.reports.format import FORMATS, Edition
from core.reports.own_image import MAX_SIDE_PIXELS, complete_text, list_image_ids, shorten_images, store_image
from core.reports.report import Report, TextBlock
from core.store.comparison import Comparison
from core.store.run_store import RunStore


def encode(picture: Image.Image, form: str = "PNG", **settings: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **settings)
    return file.getvalue()


def test_image_is_decoded_reduced_and_stored_once_without_metadata(home: Home) -> None:
    info = PngInfo()
    info.add_text("secret", "where it was taken")
    data = encode(Image.new("RGB", (3000, 30), "red"), pnginfo=info)
    first = store_image(home, data, "A [red]\nline")
    assert first == store_image(home, encode(Image.new("RGB", (3000, 30), "red"), "BMP"), "A red line")
    (path,) = (home.reports / "images").iterdir()
    assert list_image_ids(first) == [path.stem]
    assert b"secret" not in path.read_bytes()
    with Image.open(path) as stored:
        assert (stored.format, stored.size[0]) == ("PNG", MAX_SIDE_PIXELS)
    noise = Image.frombytes("RGB", (900, 900), random.Random(0).randbytes(900 * 900 * 3))
    store_image(home, encode(noise, "BMP"), "Noise")
    assert all(path.stat().st_size <= 600_000 for path in (home.reports / "images").iterdir())
    for content, alt, sentence in (
        (b"<svg onload='alert(1)'/>", "x", "This file is not a valid image"),
        (data, " ", "Expected a description of 1 to 300 characters; got 0."),
        (b"", "x", "This image file is empty."),
    ):
        with pytest.raises(ReportError, match=f"^{sentence}"):
            store_image(home, content, alt)


def test_text_of_a_block_is_completed(home: Home) -> None:
    reference = store_image(home, encode(Image.new("L", (2, 2))), "Two by two")
    text = f"{reference}\n\n- [ ] open\n- [x] done\n1. [X] third\n\n```\n- [ ] code\n```\n![gone](image:{'0' * 16})"
    completed = complete_text(home, text)
    assert "- ☐ open\n- ☑ done\n1. ☑ third\n" in completed
    assert "```\n- [ ] code\n```\n(Image not found: gone)" in completed
    html = write_html(completed)
    assert html.startswith('<p dir="auto"><img src="data:image/png;base64,')
    assert 'alt="Two by two"' in html
    (image,) = parse_markdown(completed)[0]["parts"]
    assert (image["kind"], image["text"], image["url"][:22]) == ("image", "Two by two", "data:image/png;base64,")
    assert write_html(write_markdown(completed)).count("<img ") == 0  # with brackets: for other renderers
    assert write_markdown(completed).startswith("![Two by two](<data:image/png;base64,")
    assert shorten_images(completed).startswith("![Two by two](image ")
    for other in ("http://a.example/x.png", "data:text/html;base64,AAAA", "data:image/svg+xml;base64,AAAA", "x.png"):
        assert "<img" not in write_html(f"![x]({other})")


def test_every_format_has_the_summary_and_the_images_of_the_author(
    home: Home, runs: Comparison, store: RunStore
) -> None:
    reference = store_image(home, encode(Image.new("RGB", (40, 30), "blue")), "A blue area")
    report = Report(
        title="My title", summary=f"**My summary**\n\n- [x] done\n\n{reference}", runs=(runs.runs[0].run_id,),
        blocks=(TextBlock(text=f"Before {reference} after"),),
    )  # fmt: skip
    document = build_document(report, store)
    edition = Edition(document, name="a")
    for name in ("html", "pdf", "md", "json", "csv", "ipynb"):
        files = FORMATS[name].write(edition, home)
        content = next(iter(files.values()))
        if name == "pdf":
            assert content.count(b"/Subtype /Image") + content.count(b"/Subtype/Image") >= 1
            continue
        text = content.decode()
        assert "My summary" in text, name
        assert text.index("My title") < text.index("My summary") < text.rindex(document.headline[:20]), name
        assert "☑ done" in text or "\\u2611 done" in text, name
        if name == "md":
            assert "](<a-images/image-01.png>)" in text
            assert files["a-images/image-01.png"].startswith(b"\x89PNG")
        elif name in ("html", "ipynb", "json"):
            assert text.count("data:image/png;base64,") >= 2, name


def test_damaged_image_is_a_sentence_in_every_format(home: Home, runs: Comparison, store: RunStore) -> None:
    reference = store_image(home, encode(Image.new("L", (40, 30))), "A gray area")
    (path,) = (home.reports / "images").iterdir()
    path.write_bytes(path.read_bytes()[:40])
    cut = base64.b64encode(encode(Image.effect_noise((90, 90), 50))[:900]).decode()
    typed = [f"![typed](data:image/png;base64,{content})" for content in ("AAAA", "AAAAA", cut)]
    report = Report(title="x", runs=(runs.runs[0].run_id,), blocks=(TextBlock(text=f"{reference} {' '.join(typed)}"),))
    document = build_document(report, store)
    assert "(Image damaged: A gray area)" in document.sections[0].text  # type: ignore[union-attr]
    for name in ("html", "pdf", "md", "ipynb"):
        assert FORMATS[name].write(Edition(document, name="a"), home), name


def test_documents_without_them_are_unchanged(frozen: tuple[Home, Document]) -> None:
    document = frozen[1]
    assert "summary" not in document.model_dump(mode="json")
    parsed = Document.model_validate_json(document.model_dump_json())
    assert parsed.checksum == document.checksum
    assert Document.model_validate(document.model_dump() | {"summary": "x"}).checksum != document.checksum
    assert Passage(id="x", text="x" * 2_000_000).text
