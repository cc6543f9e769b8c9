"""Input of a trained model: what an image file has to become, as text, as JSON and as lines of Python."""

from dataclasses import dataclass
from typing import Any

from core.augment.fit import FITS, Fit
from core.spec import BACKBONES, DATASETS
from core.store.run import Run

_RESIZE = "resized (bilinear with antialiasing)"


@dataclass(frozen=True)
class ModelInput:
    """Size, values and preprocessing of the input of a model (see `prepare_picture`, which does the same).

    Attributes:
        fit: how images of another shape are converted.
        value_range: values of files with more than 8 bits that become 0 and 255; None for files of 8 bits.
        drawing: preprocessing of the drawings of the dataset; empty if it has photos.
        pretrained: whether the model contains the preprocessing of a pretrained backbone.
    """

    height: int
    width: int
    channels: int
    fit: Fit
    value_range: tuple[float, float] | None
    drawing: str
    pretrained: bool

    @classmethod
    def of(cls, run: Run) -> "ModelInput":
        data, dataset = run.record.data, DATASETS[run.spec.dataset]
        height, width, channels = data.input_shape
        fit: Fit = "stretch" if height != width else data.fit if dataset.added else "crop"
        drawing = dataset.drawing.description if dataset.drawing else ""
        pretrained = not run.spec.elsewhere and BACKBONES[run.spec.backbone].weights is not None
        return cls(height, width, channels, fit, data.value_range, drawing, pretrained)

    @property
    def color(self) -> str:
        return {1: "grayscale", 3: "RGB"}.get(self.channels, f"{self.channels} channels")

    def describe(self) -> dict[str, str]:
        """Return what a user has to know, by topic."""
        shape = f"(images, {self.height}, {self.width}, {self.channels})"
        size = f"{self.width} × {self.height} pixels"
        values = "from 0 (black) to 1 (white): pixel values from 0 to 255, divided by 255"
        if self.value_range:
            low, high = self.value_range
            values += f"; in files with more than 8 bits per value, {low:g} is black and {high:g} is white"
        other = FITS[self.fit] if self.height == self.width else "the whole image, stretched"
        found = {
            "Size": f"{size}, {self.color}",
            "Array": f"float32 of shape {shape}",
            "Values": values,
            "Images of another size": f"{other}, {_RESIZE}",
        }
        if self.drawing:
            found["Drawings"] = f"white on black, {self.drawing}; the lines below do not move or invert a drawing"
        inside = "the normalization of the pretrained backbone is part of the model" if self.pretrained else "none"
        return found | {"Further preprocessing": inside}

    def to_json(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "channels": self.channels,
            "color": self.color,
            "layout": "NHWC",
            "dtype": "float32",
            "range": [0.0, 1.0],
            "preprocessing": {
                "fit": self.fit,
                "resize": "bilinear with antialiasing",
                "divide_by": 255,
                "file_value_range": list(self.value_range) if self.value_range else None,
                "description": self.describe(),
            },
        }

    def write_lines(self) -> list[str]:
        """Return the lines of Python that convert image.png to the input `x`, equal to the training."""
        open_image = 'ImageOps.exif_transpose(Image.open("image.png"))'
        mode = "L" if self.channels == 1 else "RGB"
        lines = [f'image = {open_image}.convert("{mode}")']
        if self.value_range:
            low, high = map(float, self.value_range)
            lines = [
                f"image = {open_image}",
                'if image.mode[0] in "IF":  # more than 8 bits per value',
                f"    values = (np.asarray(image, float) - {low!r}) * (255 / ({high!r} - {low!r}))",
                "    image = Image.fromarray(np.rint(values.clip(0, 255)).astype(np.uint8))",
                f'image = image.convert("{mode}")',
            ]
        shape = f"1, {self.height}, {self.width}, {self.channels}"
        return [*lines, *self._write_fit(), f"x = np.asarray(image, np.float32).reshape({shape}) / 255"]

    def _write_fit(self) -> list[str]:
        size, resample = f"({self.width}, {self.height})", "Image.Resampling.BILINEAR"
        if self.fit == "stretch":
            return [f"image = image.resize({size}, {resample})"]
        if self.fit == "pad":
            side = self.width
            edges = f"[max(1, round(edge * {side} / max(image.size))) for edge in image.size]"
            return [
                f"inner = image.resize({edges}, {resample})",
                f"image = Image.new(inner.mode, {size})",
                f"image.paste(inner, (({side} - inner.width) // 2, ({side} - inner.height) // 2))",
            ]
        return [
            "edge = min(image.size)",
            "left, top = (image.width - edge) // 2, (image.height - edge) // 2",
            f"image = image.crop((left, top, left + edge, top + edge)).resize({size}, {resample})",
        ]
