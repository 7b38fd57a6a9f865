"""Pictures of our printed forms beside the official pages, to be looked at pair by pair.

`compare_forms.py FOLDER_OF_OFFICIAL_PDFS OUT [NUMBER…]`: for each form (`01` …, all by default) writes `OUT/NN-P.png`, the
official page P left, ours right, and `OUT/NN.pdf`, and lists the official words that are not on ours (some are two
columns read as one line, or broken fonts). The official file of number NN is the one whose name begins with `NN_`.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
from PIL import Image

from benhan.node.printing import papers_to_pdf
from benhan.vn.forms.catalogue import Catalogue

DPI = 90
PRINTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def main(official: Path, out: Path, numbers: list[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for form in Catalogue().forms():
        short = form.number.split("/")[0]
        slip = "" if form.number.endswith("/BV-01") else f"{form.number.split('/')[1]}-"
        if numbers and short not in numbers and f"{slip}{short}" not in numbers:
            continue
        folder = {"BV-01": official, "BV-02": official / "phieu"}.get(form.number.split("/")[1], official / "giay")
        theirs = next(iter(folder.glob(f"{short}_*.pdf")), None)
        ours = out / f"{slip}{short}.pdf"
        ours.write_bytes(papers_to_pdf([(form, {})], PRINTED_AT))
        left, right = pages(theirs) if theirs else [], pages(ours)
        for index in range(max(len(left), len(right))):
            side_by_side(left[index : index + 1], right[index : index + 1]).save(out / f"{slip}{short}-{index + 1}.png")
        print(f"{form.number} {form.name}: {len(left)} official pages, {len(right)} of ours")
        for words in missing(theirs, ours) if theirs else ():
            print("   ?", words)


def pages(path: Path) -> list[Image.Image]:
    with pypdfium2.PdfDocument(path) as pdf:
        return [page.render(scale=DPI / 72).to_pil() for page in pdf]


def missing(official: Path, ours: Path) -> list[str]:
    """The words between the dots, boxes and lines of the official form that are not on ours."""
    printed = letters(text(ours))
    runs = re.split(r"\.{2,}|…+|[□☐:;()\[\]]|\n|\r|/|\s{3,}|_{2,}", text(official))
    return [run.strip() for run in runs if len(letters(run)) >= 3 and letters(run) not in printed]


def text(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        return "\n".join(page.get_textpage().get_text_range() for page in pdf)


def letters(words: str) -> str:
    return re.sub(r"\W", "", unicodedata.normalize("NFC", words).casefold())


def side_by_side(left: list[Image.Image], right: list[Image.Image]) -> Image.Image:
    width, height = round(8.27 * DPI) + 20, round(11.7 * DPI) + 20
    sheet = Image.new("RGB", (2 * width, height), "grey")
    for at, each in ((0, left), (width, right)):
        for picture in each:
            picture.thumbnail((width - 10, height - 10))
            sheet.paste(picture, (at + 5, 5))
    return sheet


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
