"""A claim of the BHYT XML to FHIR: what a hospital's closed system tells of an episode.

XML1 to 15, and check-ins (XML0). Every resource is named by MA_LK and what its row is of and when, so that a later file
of the same MA_LK makes new versions. What XML6 and XML15 tell bears labels of special secrecy.
Source: QĐ 130/QĐ-BYT and its amendments; docs/interfaces/bhyt.md.
"""

from __future__ import annotations

import re

from benhan.kernel.issues import Issue, error
from benhan.kernel.texts import Text
from benhan.mapping import faults
from benhan.mapping.bhyt.assessment import assessment
from benhan.mapping.bhyt.claim import claim as claim_of
from benhan.mapping.bhyt.course import course
from benhan.mapping.bhyt.drugs import drugs
from benhan.mapping.bhyt.encounter import diagnoses, encounter, name_diagnoses
from benhan.mapping.bhyt.episode import Episode
from benhan.mapping.bhyt.papers import PAPERS, papers
from benhan.mapping.bhyt.patient import coverages, patient
from benhan.mapping.bhyt.results import body_measures, results
from benhan.mapping.bhyt.services import services
from benhan.mapping.mapped import Context, MappedMessage
from benhan.vn.bhyt import texts
from benhan.vn.bhyt.claim import Claim, place
from benhan.vn.bhyt.dates import BIRTH, DAY, MINUTE
from benhan.vn.bhyt.tables import latest

MAPPED = ("XML0", "XML1", "XML2", "XML3", "XML4", "XML5", *PAPERS, "XML12")
NO_PATIENT = Text(
    "Thiếu MA_BN, SO_CCCD và MA_THE_BHYT: không biết của bệnh nhân nào. Bổ sung rồi gửi lại.",
    "MA_BN, SO_CCCD and MA_THE_BHYT are all missing: it is not known whose this is. Add one and send again.",
)


def bhyt_to_fhir(claim: Claim, context: Context) -> MappedMessage:
    """What a claim says. Raises Incorrect BA-0701 with one Issue per defect; nothing is mapped then.

    A defect is what hinders the record: no MA_LK, no number of the patient, a time that is none, what could not be
    read. Columns that break a rule of the insurance alone do not hinder it.
    """
    issues = [issue for issue in claim.faults if issue.is_error] + wrong_times(claim)
    is_assessment = set(claim.tables) == {"XML12"}
    if not claim.ma_lk and not is_assessment and not any(issue.text == texts.NO_MA_LK for issue in issues):
        issues.append(error("required", "XML1.MA_LK", texts.NO_MA_LK, texts.COLUMNS))
    mapped = MappedMessage()
    episode = Episode(claim, context, mapped)
    person = patient(episode) if episode.row else None
    if person is None and episode.row:
        table, column = ("XML12", "SO_CCCD") if is_assessment else ("XML1", "MA_BN")
        issues.append(error("required", place(table, 1, column), NO_PATIENT, texts.COLUMNS))
    if issues or person is None:
        raise faults.NOT_MAPPABLE(*issues, count=len(issues))
    mapped.add(person)
    if is_assessment:
        assessment(episode)
        return mapped
    episode.visit = encounter(episode)
    cards = coverages(episode)
    if "XML1" not in claim.tables:
        return mapped
    found = diagnoses(episode)
    name_diagnoses(episode.visit, found)
    body_measures(episode)
    medicines, done = drugs(episode), services(episode)
    results(episode, done)
    course(episode)
    papers(episode)
    claim_of(episode, found, cards, medicines, done)
    return mapped


_BIRTHS = ("NGAY_SINH",)
_TIMES = (
    ("date", re.compile(f"{DAY}|{MINUTE}"), texts.NOT_DAY),  # older decisions have the minute where newer have the day
    ("datetime", re.compile(f"{MINUTE}|{DAY}"), texts.NOT_MINUTE),
    ("date_or_datetime", re.compile(f"{MINUTE}|{DAY}"), texts.NOT_DAY_OR_MINUTE),
)
_FORMS = {name: (form.fullmatch, text) for name, form, text in _TIMES}
_BIRTH = (re.compile(f"{BIRTH}|{DAY}").fullmatch, texts.NOT_BIRTH)


def wrong_times(claim: Claim) -> list[Issue]:
    """An issue for each column that should hold a time and holds something else, in the order of the file."""
    issues = []
    for table in MAPPED:
        columns = [column for column in latest().tables[table].columns if column.format in _FORMS]
        for number, row in enumerate(claim.rows(table), 1):
            for column in columns:
                matches, text = _BIRTH if column.name in _BIRTHS else _FORMS[column.format]
                written = row.get(column.name, "").strip()
                if written and not all(matches(each.strip()) for each in written.split(";") if each.strip()):
                    issues.append(error("value", place(table, number, column.name), text, texts.COLUMNS))
    return issues
