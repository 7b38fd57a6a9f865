"""A synthetic country written into a folder, format by format; the folder appears when all of it is there.

fhir/<Type>.ndjson                 resources, those referred to first
hl7v2/<facility>-<sender>.mllp     messages in their MLLP frames, as time brought them; orders apart
astm/<facility>-<analyser>.astm    transmissions from ENQ to EOT
dicom/<study>/<number>.dcm         pictures
hoso_benh_an/<facility>/<visit>.xml, .manifest.json
bhyt/<facility>-<year month>.xml   claims of the insured that ended in a month, unsigned
catalogues/<facility>.csv          what the facility orders and measures, its code, LOINC, unit, price
truth.ndjson                       who is who, with which mistakes
country.json                       how the country was made, and how much of each there is
"""

from __future__ import annotations

import csv
import shutil
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import IO, Any, Protocol

import orjson

from benhan import __version__
from benhan.hl7v2.mllp import frame
from benhan.synth import faults
from benhan.synth.as_astm import life_transmissions
from benhan.synth.as_bhyt import claim_of, claimed
from benhan.synth.as_dicom import life_pictures
from benhan.synth.as_fhir import Json, facility_resources, life_resources
from benhan.synth.as_hl7v2 import life_messages, order_messages
from benhan.synth.as_hoso_benh_an import life_exports
from benhan.synth.catalogue import analytes, imagings, panels
from benhan.synth.country import Country
from benhan.synth.facilities import Facility
from benhan.synth.life import Life
from benhan.synth.spool import Spool
from benhan.synth.truth import truth_of
from benhan.vn.bhyt.claim import Claim
from benhan.vn.bhyt.tables import tables_on
from benhan.vn.bhyt.write import write_claims

FORMATS = ("fhir", "hl7v2", "astm", "dicom", "hoso_benh_an", "bhyt")
MARK = "country.json"
PARTIAL = ".partial"

Progress = Callable[[int], None]


class Writer(Protocol):
    """One format: takes facilities and lives, and is finished at the end."""

    def facility(self, facility: Facility) -> None: ...
    def life(self, life: Life) -> None: ...
    def finish(self) -> None: ...


def write_country(
    country: Country,
    folder: Path,
    formats: Iterable[str] = FORMATS,
    *,
    force: bool = False,
    progress: Progress = lambda _done: None,
) -> dict[str, int]:
    """Write a country; gives how many of each thing there are. `progress` takes how many people are done.

    Raises Conflict BA-3500 where the folder exists, BA-3501 where it is not ours to replace; Incorrect BA-3504;
    Unavailable BA-3503. A folder that was there is replaced only when the new one is whole.
    """
    wanted = list(dict.fromkeys(formats))
    for each in wanted:
        if each not in FORMATS:
            raise faults.UNKNOWN_FORMAT(format=each, valid=", ".join(FORMATS))
    check_folder(folder, force=force)
    partial = folder.with_name(folder.name + PARTIAL)
    check_folder(partial, force=True)  # what a killed process left is ours, anything else is not
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        (partial / MARK).write_text('{"unfinished": true}\n')
        counts = _write(country, partial, wanted, progress)
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    except OSError as cause:
        raise faults.NOT_WRITTEN(folder=str(folder), reason=cause.strerror or type(cause).__name__) from cause
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return counts


def check_folder(folder: Path, *, force: bool) -> None:
    """Raise Conflict BA-3500 or BA-3501 where a country cannot be written to a folder; an empty one is taken."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / MARK).is_file():
        raise faults.NOT_A_COUNTRY(folder=str(folder))
    if not force:
        raise faults.FOLDER_IN_USE(folder=str(folder))


def _write(country: Country, folder: Path, formats: list[str], progress: Progress) -> dict[str, int]:
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        truth = stack.enter_context((folder / "truth.ndjson").open("wb"))
        writers = [_WRITERS[each](country, folder, counts, stack) for each in formats]
        for facility in country.facilities:
            _catalogue(facility, folder / "catalogues")
            for writer in writers:
                writer.facility(facility)
        counts["facilities"] = len(country.facilities)
        for life in country.lives():
            truth.write(orjson.dumps(truth_of(life, country.names), option=orjson.OPT_APPEND_NEWLINE))
            for writer in writers:
                writer.life(life)
            counts["people"] += 1
            counts["visits"] += len(life.visits)
            progress(min(life.person.index + 1, country.people))
        for writer in writers:
            writer.finish()
    made = {
        "program": f"benhan {__version__}",
        "seed": country.seed,
        "people": country.people,
        "from": country.world.start.isoformat(),
        "until": country.world.ends_at.isoformat(),
        "facilities": [
            {"code": each.code, "name": each.name, "level": each.level, "province": each.province.code}
            for each in country.facilities
        ],
        "formats": formats,
        "counts": dict(sorted(counts.items())),
        "synthetic": "Không ai trong này là người thật. (Nobody in this is real.)",
    }
    (folder / MARK).write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    return dict(counts)


class _Fhir:
    """NDJSON, a file for each type of resource."""

    def __init__(self, country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        self._names = country.names
        self._folder = folder / "fhir"
        self._folder.mkdir()
        self._counts = counts
        self._stack = stack
        self._files: dict[str, IO[bytes]] = {}

    def facility(self, facility: Facility) -> None:
        self._add(facility_resources(facility, self._names))

    def life(self, life: Life) -> None:
        self._add(life_resources(life, self._names))

    def finish(self) -> None:
        """Nothing is left to do: the files are closed with the others."""

    def _add(self, resources: Iterable[Json]) -> None:
        count = 0
        for each in resources:
            type_ = each["resourceType"]
            file = self._files.get(type_)
            if file is None:
                file = self._files[type_] = self._stack.enter_context((self._folder / f"{type_}.ndjson").open("wb"))
            file.write(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
        self._counts["resources"] += count


class _Hl7v2:
    """MLLP frames, a file for each facility and sender; orders in a file of their own."""

    def __init__(self, _country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        self._folder = folder / "hl7v2"
        self._folder.mkdir()
        self._counts = counts
        self._spool = Spool(folder)
        stack.callback(self._spool.close)

    def facility(self, facility: Facility) -> None:
        """A facility alone sends nothing."""

    def life(self, life: Life) -> None:
        for message in life_messages(life):
            self._spool.add(f"{_sender(message.content)}-{message.sender}", message.at, message.content)
        for message in order_messages(life):
            self._spool.add(f"{_sender(message.content)}-orders", message.at, message.content)

    def finish(self) -> None:
        self._spool.pour(self._folder, ".mllp", frame)
        self._counts["hl7v2"] = self._spool.count


def _sender(content: bytes) -> str:
    """MSH-4."""
    return content.split(b"|", 4)[3].decode()


class _Astm:
    """Transmissions, a file for each analyser."""

    def __init__(self, _country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        self._folder = folder / "astm"
        self._folder.mkdir()
        self._counts = counts
        self._spool = Spool(folder)
        stack.callback(self._spool.close)

    def facility(self, facility: Facility) -> None:
        """A facility alone sends nothing."""

    def life(self, life: Life) -> None:
        for each in life_transmissions(life):
            self._spool.add(f"{each.facility}-{each.analyser}", each.at, each.content)

    def finish(self) -> None:
        self._spool.pour(self._folder, ".astm", bytes)
        self._counts["astm"] = self._spool.count


class _Dicom:
    """A folder for each study."""

    def __init__(self, country: Country, folder: Path, counts: Counter[str], _stack: ExitStack) -> None:
        self._prefix = country.names.prefix
        self._folder = folder / "dicom"
        self._folder.mkdir()
        self._counts = counts

    def facility(self, facility: Facility) -> None:
        """A facility alone has no pictures."""

    def life(self, life: Life) -> None:
        for each in life_pictures(life, self._prefix):
            study = self._folder / each.study
            study.mkdir(exist_ok=True)
            (study / f"{each.number}.dcm").write_bytes(each.content)
            self._counts["dicom"] += 1

    def finish(self) -> None:
        """Each picture is already in its place."""


class _HoSoBenhAn:
    """An XML file for each stay that has ended, its manifest beside it."""

    def __init__(self, country: Country, folder: Path, counts: Counter[str], _stack: ExitStack) -> None:
        self._names = country.names
        self._folder = folder / "hoso_benh_an"
        self._folder.mkdir()
        self._counts = counts

    def facility(self, facility: Facility) -> None:
        (self._folder / facility.code).mkdir()

    def life(self, life: Life) -> None:
        for each in life_exports(life, self._names):
            path = self._folder / each.facility / each.number
            path.with_suffix(".xml").write_bytes(each.xml)
            path.with_suffix(".manifest.json").write_bytes(each.manifest)
            self._counts["hoso_benh_an"] += 1

    def finish(self) -> None:
        """Each file is already in its place."""


class _Bhyt:
    """A file for each facility and month, as it would be sent for settlement."""

    def __init__(self, _country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        self._folder = folder / "bhyt"
        self._folder.mkdir()
        self._counts = counts
        self._spool = Spool(folder)
        stack.callback(self._spool.close)

    def facility(self, facility: Facility) -> None:
        """A facility alone has no claims."""

    def life(self, life: Life) -> None:
        for visit in claimed(life):
            claim = claim_of(visit)
            channel = f"{visit.facility.code}-{visit.end:%Y%m}"
            self._spool.add(channel, visit.end, orjson.dumps((claim.ma_lk, claim.tables)))

    def finish(self) -> None:
        for channel, count, messages in self._spool.channels():
            facility, _, month = channel.rpartition("-")
            made_on = date(int(month[:4]), int(month[4:]), monthrange(int(month[:4]), int(month[4:]))[1])
            claims = (Claim(*orjson.loads(each)) for each in messages)
            with (self._folder / f"{channel}.xml").open("wb") as out:
                out.writelines(write_claims(facility, made_on, claims, count, tables_on(made_on)))
        self._counts["bhyt"] = self._spool.count


_WRITERS: dict[str, Callable[[Country, Path, Counter[str], ExitStack], Writer]] = {
    "fhir": _Fhir,
    "hl7v2": _Hl7v2,
    "astm": _Astm,
    "dicom": _Dicom,
    "hoso_benh_an": _HoSoBenhAn,
    "bhyt": _Bhyt,
}


def _catalogue(facility: Facility, folder: Path) -> None:
    """What a facility orders and measures, as a list that a hospital would load."""
    folder.mkdir(exist_ok=True)
    known: dict[str, Any] = analytes()
    with (folder / f"{facility.code}.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("kind", "code", "name", "loinc", "unit", "price_vnd"))
        for panel in panels().values():
            if panel.level <= facility.level:
                out.writerow(("panel", panel.code, panel.name, "", "", panel.price))
                for code in panel.analytes:
                    out.writerow(("analyte", code, known[code].name, known[code].loinc, known[code].unit, ""))
        for imaging in imagings().values():
            if imaging.level <= facility.level:
                out.writerow(("imaging", imaging.code, imaging.name, "", "", imaging.price))
