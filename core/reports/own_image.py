"""Images of authors: checked, reduced and stored once per home. A text block refers to them as `![alt](image:ID)`; a
document contains them."""

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from typing import Any

from PIL import Image

from core.errors import DatasetError, ReportError
from core.files import read_file, replacing
from core.home import Home
from core.image_file import read_picture

MAX_UPLOAD_BYTES, MAX_SIDE_PIXELS, MAX_ALT_CHARS = 20_000_000, 1600, 300

_MAX_STORED_BYTES, _MAX_EMBEDDED_CHARS = 600_000, 8_000_000
_REFERENCE = re.compile(r"!\[([^\]\n]{0,300})\]\(image:([0-9a-f]{16})\)")
_TASK = re.compile(r"^(\s*(?:[-*+]|\d{1,9}[.)])\s+)\[([ xX])\](?=\s)")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_EMBEDDED = re.compile(r"\]\(<?data:image/(png|jpeg);base64,([A-Za-z0-9+/]+={0,2})>?\)")


def store_image(home: Home, data: bytes, alt: str) -> str:
    """Store an image file and return the Markdown that refers to it.

    It is decoded and encoded again, without metadata, with at most MAX_SIDE_PIXELS per side.

    Args:
        alt: text for readers who do not see the image.

    Raises:
        ReportError: when the file is not an image or is too large, or the text is empty.
    """
    alt = " ".join(re.sub(r"[\[\]\\]", " ", alt).split())
    if not 1 <= len(alt) <= MAX_ALT_CHARS:
        raise ReportError(f"Expected a description of 1 to {MAX_ALT_CHARS} characters; got {len(alt):,}.")
    try:
        pixels = read_picture(data, max_bytes=MAX_UPLOAD_BYTES)
    except DatasetError as error:
        raise ReportError(str(error)) from None
    content = _encode(Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))
    name = _name_of(content)
    path = home.reports / "images" / f"{name}.img"
    if not path.exists():
        with replacing(path, durable=True) as temporary:
            temporary.write_bytes(content)
    return f"![{alt}](image:{name})"


def _encode(picture: Image.Image) -> bytes:
    """Return the image as PNG, or as JPEG if that is too large; the first size that is small enough."""
    for side in (MAX_SIDE_PIXELS, 1100, 750, 500):
        reduced = picture.copy()
        reduced.thumbnail((side, side))
        settings: tuple[dict[str, Any], ...] = ({"format": "PNG", "optimize": True}, {"format": "JPEG", "quality": 88})
        for form in settings:
            buffer = io.BytesIO()
            reduced.save(buffer, **form)
            if buffer.tell() <= _MAX_STORED_BYTES:
                break
        else:
            continue
        break
    return buffer.getvalue()


def _name_of(content: bytes) -> str:
    """Return the ID of an image, which depends on its content."""
    return hashlib.sha256(content).hexdigest()[:16]


def list_image_ids(text: str) -> list[str]:
    """Return the IDs of the images to which a text refers."""
    return [found[2] for found in _REFERENCE.finditer(text)]


def complete_text(home: Home, text: str) -> str:
    """Return the text of a block as in a document: with its images, and with ☐ and ☑ for the tasks of lists."""
    left = _MAX_EMBEDDED_CHARS

    def embed(found: re.Match[str]) -> str:
        nonlocal left
        try:
            content = read_file(home.reports / "images" / f"{found[2]}.img", _MAX_STORED_BYTES)
        except OSError:
            return f"(Image not found: {found[1]})"
        if _name_of(content) != found[2]:
            return f"(Image damaged: {found[1]})"
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        encoded = base64.b64encode(content).decode("ascii")
        left -= len(encoded)
        return f"![{found[1]}](data:image/{kind};base64,{encoded})" if left > 0 else f"(Too many images: {found[1]})"

    return _REFERENCE.sub(embed, "\n".join(_mark_tasks(text.split("\n"))))


def _mark_tasks(lines: list[str]) -> Iterator[str]:
    in_code = False
    for line in lines:
        in_code ^= _FENCE.match(line) is not None
        yield line if in_code else _TASK.sub(lambda found: f"{found[1]}{'☐' if found[2] == ' ' else '☑'}", line)


def split_images(text: str, folder: str) -> tuple[str, dict[str, bytes]]:
    """Return Markdown that refers to files in a folder instead of embedded images, and the files."""
    files: dict[str, bytes] = {}

    def move(found: re.Match[str]) -> str:
        name = f"{folder}/image-{len(files) + 1:02}.{found[1]}"
        try:
            files[name] = base64.b64decode(found[2])
        except ValueError:
            return found[0]
        return f"](<{name}>)"

    return _EMBEDDED.sub(move, text), files


def shorten_images(text: str) -> str:
    """Return a text with a short checksum instead of each embedded image, to compare texts."""
    return _EMBEDDED.sub(lambda found: f"](image {hashlib.sha256(found[2].encode()).hexdigest()[:8]})", text)
