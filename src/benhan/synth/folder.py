"""A synthetic country written into a folder, format by format; the folder appears when all of it is there.

fhir/<Type>.ndjson                 resources, those referred to first
hl7v2/<facility>-<sender>.mllp     messages in their MLLP frames, as time brought them
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
from typing import IO, Any

import orjson

from benhan import __version__
from benhan.hl7v2.mllp import frame
from benhan.synth import faults
from benhan.synth.as_astm import life_transmissions
from benhan.synth.as_bhyt import claim_of, claimed
from benhan.synth.as_dicom import life_pictures
from benhan.synth.as_fhir import Json, facility_resources, life_resources
from benhan.synth.as_hl7v2 import life_messages
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

MARK = "country.json"
PARTIAL = ".partial"

Progress = Callable[[int], None]


class Writer:
    """One format: takes facilities and lives, and is finished at the end. Its folder has its name."""

    name = ""

    def __init__(self, country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        self.names = country.names
        self.folder = folder / self.name
        self.folder.mkdir()
        self.counts = counts
        self.stack = stack

    def facility(self, facility: Facility) -> None:
        """Write what a facility alone says: in most formats nothing."""

    def life(self, life: Life) -> None:
        """Write a person."""
        raise NotImplementedError

    def finish(self) -> None:
        """Write what had to wait for the end: in most formats nothing."""

    def spool(self) -> Spool:
        """Where messages wait for the end."""
        found = Spool(self.folder)
        self.stack.callback(found.close)
        return found


class Fhir(Writer):
    """NDJSON, a file for each type of resource."""

    name = "fhir"

    def __init__(self, country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        super().__init__(country, folder, counts, stack)
        self._files: dict[str, IO[bytes]] = {}

    def facility(self, facility: Facility) -> None:
        self._add(facility_resources(facility, self.names))

    def life(self, life: Life) -> None:
        self._add(life_resources(life, self.names))

    def _add(self, resources: Iterable[Json]) -> None:
        count = 0
        for each in resources:
            type_ = each["resourceType"]
            file = self._files.get(type_)
            if file is None:
                file = self._files[type_] = self.stack.enter_context((self.folder / f"{type_}.ndjson").open("wb"))
            file.write(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
        self.counts["resources"] += count


class Hl7v2(Writer):
    """MLLP frames, a file for each facility and sender."""

    name = "hl7v2"

    def __init__(self, country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        super().__init__(country, folder, counts, stack)
        self._spool = self.spool()

    def life(self, life: Life) -> None:
        for message in life_messages(life):
            self._spool.add(f"{_sender(message.content)}-{message.sender}", message.at, message.content)

    def finish(self) -> None:
        self._spool.pour(self.folder, ".mllp", frame)
        self.counts[self.name] = self._spool.count


def _sender(content: bytes) -> str:
    """MSH-4."""
    return content.split(b"|", 4)[3].decode()


class Astm(Writer):
    """Transmissions, a file for each analyser."""

    name = "astm"

    def __init__(self, country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        super().__init__(country, folder, counts, stack)
        self._spool = self.spool()

    def life(self, life: Life) -> None:
        for each in life_transmissions(life):
            self._spool.add(f"{each.facility}-{each.analyser}", each.at, each.content)

    def finish(self) -> None:
        self._spool.pour(self.folder, ".astm", bytes)
        self.counts[self.name] = self._spool.count


class Dicom(Writer):
    """A folder for each study."""

    name = "dicom"

    def life(self, life: Life) -> None:
        for each in life_pictures(life, self.names.prefix):
            study = self.folder / each.study
            study.mkdir(exist_ok=True)
            (study / f"{each.number}.dcm").write_bytes(each.content)
            self.counts[self.name] += 1


class HoSoBenhAn(Writer):
    """An XML file for each stay that has ended, its manifest beside it."""

    name = "hoso_benh_an"

    def facility(self, facility: Facility) -> None:
        (self.folder / facility.code).mkdir()

    def life(self, life: Life) -> None:
        for each in life_exports(life, self.names):
            path = self.folder / each.facility / each.number
            path.with_suffix(".xml").write_bytes(each.xml)
            path.with_suffix(".manifest.json").write_bytes(each.manifest)
            self.counts[self.name] += 1


class Bhyt(Writer):
    """A file for each facility and month, as it would be sent for settlement."""

    name = "bhyt"

    def __init__(self, country: Country, folder: Path, counts: Counter[str], stack: ExitStack) -> None:
        super().__init__(country, folder, counts, stack)
        self._spool = self.spool()

    def life(self, life: Life) -> None:
        for visit in claimed(life):
            claim = claim_of(visit)
            channel = f"{visit.facility.code}-{visit.end:%Y%m}"
            self._spool.add(channel, visit.end, orjson.dumps((claim.ma_lk, claim.tables)))

    def finish(self) -> None:
        for channel, count, messages in self._spool.channels():
            facility, _, month = channel.rpartition("-")
            year, number = int(month[:4]), int(month[4:])
            made_on = date(year, number, monthrange(year, number)[1])
            claims = (Claim(*orjson.loads(each)) for each in messages)
            with (self.folder / f"{channel}.xml").open("wb") as out:
                out.writelines(write_claims(facility, made_on, claims, count, tables_on(made_on)))
        self.counts[self.name] = self._spool.count


_WRITERS = {each.name: each for each in (Fhir, Hl7v2, Astm, Dicom, HoSoBenhAn, Bhyt)}
FORMATS = tuple(_WRITERS)


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
