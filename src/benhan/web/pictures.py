"""Pictures on papers: drawn or chosen in the browser, taken in bounded and made anew, so that nothing but the picture
is kept (no place, no device, no trailing bytes).
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from benhan.kernel.texts import Text

DATA = ("data:image/png;base64,", "data:image/jpeg;base64,")
PIXELS_MAX = 40_000_000
"""A picture of more pixels is not opened."""
SIDE_MAX = 1_600
QUALITY = 85
NOT_A_PICTURE = Text(
    "Không phải ảnh PNG hay JPEG, hoặc ảnh quá lớn. Chọn ảnh khác.",
    "Not a PNG or JPEG picture, or too large a one. Choose another.",
)


class NotAPicture(Exception):  # noqa: N818  # it is told beside its field and goes no further
    """What was sent is no picture that is taken."""


def picture_of(text: str) -> bytes:
    """The picture in a data URL, at most SIDE_MAX on a side: PNG where it has few colours (a drawing), else JPEG.

    Raises NotAPicture.
    """
    start = next((each for each in DATA if text.startswith(each)), "")
    if not start:
        raise NotAPicture
    try:
        content = base64.b64decode(text[len(start) :], validate=True)
        return _made_anew(content)
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError, ValueError, Warning) as cause:
        raise NotAPicture from cause


def _made_anew(content: bytes) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        opened = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
        if opened.width * opened.height > PIXELS_MAX:
            raise NotAPicture
        is_drawing = opened.format == "PNG"
        picture = ImageOps.exif_transpose(opened)
        picture.thumbnail((SIDE_MAX, SIDE_MAX))
        if picture.mode != "RGB":  # what is transparent is paper
            whole = picture.convert("RGBA")
            picture = Image.new("RGB", whole.size, "white")
            picture.paste(whole, mask=whole.getchannel("A"))
    kept = io.BytesIO()
    if is_drawing:
        picture.save(kept, "PNG", optimize=True)
    else:
        picture.save(kept, "JPEG", quality=QUALITY)
    return kept.getvalue()
