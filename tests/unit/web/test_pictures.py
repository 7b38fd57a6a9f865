"""A picture that is put on a paper is opened, bounded and made anew."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from benhan.vn.forms.catalogue import Catalogue
from benhan.web.form_inputs import NO_PICTURE, answers_of
from benhan.web.pictures import SIDE_MAX, NotAPicture, picture_of

EYE = Catalogue().by_key("21/BV-01@2024-01-01")


def data_url(picture: Image.Image, kind: str = "PNG", **options: object) -> str:
    held = io.BytesIO()
    picture.save(held, kind, **options)  # type: ignore[arg-type]
    return f"data:image/{kind.lower()};base64,{base64.b64encode(held.getvalue()).decode()}"


def test_a_large_photo_becomes_smaller_and_keeps_nothing_but_the_picture() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    kept = picture_of(data_url(Image.new("RGB", (4000, 3000), "red"), "JPEG", exif=exif))
    opened = Image.open(io.BytesIO(kept))
    assert (opened.format, max(opened.size)) == ("JPEG", SIDE_MAX)
    assert b"Maker" not in kept


def test_what_is_transparent_is_paper() -> None:
    opened = Image.open(io.BytesIO(picture_of(data_url(Image.new("RGBA", (10, 10), (0, 0, 0, 0))))))
    assert (opened.format, opened.getpixel((5, 5))) == ("PNG", (255, 255, 255))


BOMB = data_url(Image.new("1", (9000, 9000)))


@pytest.mark.parametrize(
    "text",
    ["", "data:image/svg+xml;base64,PHN2Zy8+", "data:image/png;base64,@@@", "data:image/png;base64,AAAA", BOMB,
     "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 40).decode()],
)  # fmt: skip
def test_what_is_no_picture_or_too_large_a_one_is_not_taken(text: str) -> None:
    with pytest.raises(NotAPicture):
        picture_of(text)


def test_a_picture_is_kept_replaced_and_taken_away() -> None:
    kept = {"mp_hinh_ve": b"\xff\xd8\xff before"}
    assert answers_of(EYE, {}, kept).answers == kept
    new = answers_of(EYE, {"mp_hinh_ve": [data_url(Image.new("RGB", (8, 8)))]}, kept).answers["mp_hinh_ve"]
    assert new.startswith(b"\x89PNG")
    assert answers_of(EYE, {"mp_hinh_ve": [NO_PICTURE]}, kept).answers == {}
    wrong = answers_of(EYE, {"mp_hinh_ve": ["data:image/png;base64,AAAA"]}, kept)
    assert list(wrong.problems) == ["mp_hinh_ve"]
