"""Papers that are on no form, as pages of a print: results as tables, images and scans as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from benhan.kernel.clock import VIETNAM
from benhan.mapping.fhir_to_hoso_benh_an import value_text
from benhan.mapping.result_views import Value, value_of
from benhan.node.records.files import CarriedFile
from benhan.node.records.laid_pages import PageOf, pages_of
from benhan.vn.forms.typeset import Sheet, framed_picture, string_literal

Json = dict[str, Any]

PDF = "application/pdf"
PICTURES = ("image/png", "image/jpeg")
_PICTURE_HEIGHT_MM = 225
_WORDS = (
    ("conclusion", "Kết luận"),
    ("description", "Mô tả"),
    ("authoredOn", "Ngày chỉ định"),
    ("issued", "Ngày trả kết quả"),
    ("date", "Ngày"),
)


class Sheets(NamedTuple):
    """The pages of a paper, and the pages of other PDFs that are laid onto the places in them."""

    sheets: list[Sheet]
    places: dict[str, PageOf]


def sheets_of(
    name: str, number: int, resource: Json, resources: Mapping[str, Json], files: Sequence[CarriedFile]
) -> Sheets:
    """The pages of paper `number`: what it says, its values among `resources` by reference, then its files."""
    results = [resources[each] for each in _results(resource) if each in resources]
    found = Sheets([], {})
    body = [_title(name)]
    body += [_words(f"{label}: {resource[field]}") for field, label in _WORDS if isinstance(resource.get(field), str)]
    if resource["resourceType"] == "Observation" and not results:
        results = [resource]
    if results:
        body.append(_table(results))
    unshown = [each for each in files if not _is_shown(each)]
    body += [
        _words(f"Tệp kèm theo, không in được: {each.title or each.media_type}. Xem trong gói hồ sơ.")
        for each in unshown
    ]
    if len(body) > 1 or len(unshown) == len(files):
        found.sheets.append(Sheet(name, tuple(body), {}))
    for place, each in enumerate(files):
        if each.media_type in PICTURES and each not in unshown:
            found.sheets.append(_picture(name, f"paper-{number}-{place}.svg", each))
        elif each not in unshown:
            _lay(found, name, f"benhan:{number}-{place}", each)
    return found


def _lay(found: Sheets, name: str, key: str, file: CarriedFile) -> None:
    pages = pages_of(file.content)
    for each in pages:
        place = f"{key}-{each.number}"
        found.places[place] = each
        title = file.title or name
        found.sheets.append(
            Sheet(name, (_small(f"{title} ({each.number + 1}/{len(pages)})"), f"laid({string_literal(place)})"), {})
        )


def _is_shown(file: CarriedFile) -> bool:
    if file.media_type == PDF:
        return bool(pages_of(file.content))
    start = file.content[:8]
    return file.media_type in PICTURES and (start.startswith(b"\xff\xd8\xff") or start == b"\x89PNG\r\n\x1a\n")


def _picture(name: str, file_name: str, file: CarriedFile) -> Sheet:
    picture = framed_picture(file.content, _PICTURE_HEIGHT_MM)
    title = string_literal(file.title or name)
    shown = f'image({string_literal(file_name)}, width: 100%, height: 100%, fit: "contain", alt: {title})'
    body = (_small(file.title or name), f"block(height: 1fr, width: 100%, {shown})")
    return Sheet(name, body, {file_name: picture})


def _table(results: Iterable[Json]) -> str:
    """The values of a report: what, how much, the band it should be in, the mark of one that is out of it."""
    cells: list[str] = []
    for each in results:
        value: Value = value_of(each)
        code = each.get("code", {})
        name = code.get("text") or (code.get("coding") or [{}])[0].get("display", "")
        at = value.at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y") if value.at is not None else ""
        told = (name, f"{value.text} {value.mark}".strip() or value_text(each), value.unit, value.band, at)
        cells += [f"text({string_literal(str(each))})" for each in told]
    heads = "".join(
        f"strong({string_literal(each)}), " for each in ("Chỉ số", "Kết quả", "Đơn vị", "Bình thường", "Lấy mẫu")
    )
    return f'filled("all", (3fr, 2fr, 1fr, 1.5fr, 1.8fr), ({heads}), {", ".join(cells)})'


def _results(resource: Json) -> list[str]:
    return [str(each.get("reference", "")) for each in resource.get("result", [])]


def _title(words: str) -> str:
    return f"align(center, title({string_literal(words)}))"


def _words(words: str) -> str:
    return f"par({string_literal(words)})"


def _small(words: str) -> str:
    return f"par(text(8pt, {string_literal(words)}))"
