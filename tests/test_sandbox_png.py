"""The kernel's own PNG writer, read back by an ordinary reader."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from csvagent_jupyter.sandbox.inside.png import encode


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 500), (15, 3), (16, 40), (17, 40), (200, 301)])
@pytest.mark.parametrize("flat", [True, False])
def test_an_ordinary_reader_sees_the_same_pixels(height: int, width: int, flat: bool) -> None:
    """Rows are written sixteen at a time: heights around that, of pictures with large even areas and without."""
    random = np.random.default_rng(height * width)
    pixels = random.integers(0, 256, (height, width, 4), np.uint8)
    if flat:
        pixels[:] = pixels[0, 0]
        pixels[height // 2 :, width // 3 :] = (7, 250, 90, 255)
    pixels[..., 3] = 255
    with Image.open(io.BytesIO(encode(pixels))) as image:
        assert image.format == "PNG" and image.mode == "RGB" and image.size == (width, height)
        assert np.array_equal(np.asarray(image), pixels[..., :3])


def test_an_even_picture_is_small() -> None:
    assert len(encode(np.full((1000, 1000, 4), 255, np.uint8))) < 20_000
