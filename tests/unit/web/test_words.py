"""Every word of the pages is in both catalogues, and every catalogue text is used; every class has a rule."""

from __future__ import annotations

import inspect
import re
import string
from typing import get_args

import pytest

from benhan.access.matrix import KINDS as ACCOUNT_KINDS
from benhan.access.matrix import MODES, RELATIONS, STATES, USES
from benhan.access.smart.scopes import Level
from benhan.kernel.actors import Role
from benhan.mapping.bhyt.encounter import CLASSES
from benhan.mapping.message_to_fhir import MAPPINGS
from benhan.mapping.v2_tables import GENDER, PATIENT_CLASS
from benhan.node import traces
from benhan.node.chart.moments import KINDS, ROLES
from benhan.node.chart.source import _PEOPLE, _TIMES
from benhan.node.orders.lines import OrderKind
from benhan.node.orders.warnings import Severity
from benhan.node.packages.arrivals import _TELLING
from benhan.node.packages.format import Kind
from benhan.node.packages.joining import JOINED
from benhan.node.packages.rows import State as PackageState
from benhan.node.records.destruction import BatchState
from benhan.node.records.lifecycle import PAPER_ACTS, Act
from benhan.node.records.lifecycle import State as RecordState
from benhan.node.records.lists import WORK
from benhan.node.records.loans import LoanState
from benhan.node.records.models import PaperState
from benhan.node.records.requests import ASKERS, STEPS, Scope
from benhan.node.records.requests import State as RequestState
from benhan.node.sends.bhyt_portal import CHECKIN as CHECKIN_SENT
from benhan.node.sends.bhyt_portal import CLAIM as CLAIM_SENT
from benhan.node.sends.destination import Mode
from benhan.node.sends.ministry_hub import KSK
from benhan.node.signatures.chain import Duty
from benhan.node.signatures.evidence import Method, Relation
from benhan.node.signatures.keys import KINDS as SIGNER_KINDS
from benhan.node.signatures.models import COUNTERSIGN, StepState
from benhan.portal.facilities import KINDS as FACILITY_KINDS
from benhan.portal.facilities import OWNERS
from benhan.portal.letters import Letter
from benhan.portal.workflow import Act as DeploymentAct
from benhan.repository.delivery import KINDS as DELIVERIES
from benhan.signing.verdicts import Indication
from benhan.store.care import KINDS as CARE_KINDS
from benhan.store.inbox import State
from benhan.store.ledger.events import Event
from benhan.store.send_state import SendState
from benhan.vn.bhyt.messages import CHECKIN, CLAIM
from benhan.vn.deployment.criteria import SETS
from benhan.vn.deployment.measures import Standing
from benhan.web import words
from benhan.web.access_pages import _HEADER
from benhan.web.menu import NAMES
from benhan.web.package_pages import LISTS as PACKAGE_LISTS
from benhan.web.pages import FOLDER, STATIC
from benhan.web.patient_pages import TABS
from benhan.web.scope_words import _ACTS, _TOLD_WORDS
from benhan.web.signature_pages import INDICATIONS

TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "templates").glob("*.html"))}
LANGUAGES = ("vi", "en")

NAMES_NO_PATIENT = ("account:", "deployment:", "hub:", "identity:", "keys:kek:", "ledger:", "smart:", "store:")
OF_A_MESSAGE_ALONE = ("receive", "park", "mend", "replay", "view")
"""A message is not known to be anybody's until it is applied."""

HAPPENED = (
    "put", "sent", "failed", "received", "refused", "parked", "ready", "by_hand", "replaced", "file",
)  # fmt: skip
"""What stands in the history of a message to an authority."""
HOW_IT_LIES = ("normal", "a_little_high", "high", "a_little_low", "low", "unknown")
TOLD_TYPES = (
    "Patient", "Observation", "DiagnosticReport", "Condition", "Encounter", "AllergyIntolerance", "MedicationRequest",
    "MedicationStatement", "Immunization", "Procedure", "DocumentReference", "ImagingStudy", "ServiceRequest",
    "AuditEvent", "Practitioner", "Organization", "Composition", "Coverage",
)  # fmt: skip
"""Types that people know by a name of their language; the others stand under FHIR's."""

DELIVERY_STATES = ("waiting", "receipted", "refused")


def _events() -> set[str]:
    """Events that stand on a patient's page or in a citizen's book: those that may name a patient."""
    labels = {event.label for event in Event if not event.label.startswith(NAMES_NO_PATIENT)}
    return labels - {f"message:hl7v2:{act}" for act in OF_A_MESSAGE_ALONE}


FAMILIES: dict[str, set[str]] = {
    "order_kind.": {kind.value for kind in OrderKind},
    "severity.": {severity.value for severity in Severity},
    "act.": {*(act.value for act in Act), *PAPER_ACTS},
    "paper.": {state.value for state in PaperState},
    "paper.status_": {"in-progress", "completed", "amended", "entered-in-error"},
    "records.": set(WORK),
    "records.empty_": set(WORK),
    "app.": {"node", "book", "repository", "portal", *NAMES, "own", "lists"},
    "book.": set(HOW_IT_LIES),
    "book.means_": set(HOW_IT_LIES),
    "confirm_by.": {method.value for method in Method},
    "duty.": {*get_args(Duty), COUNTERSIGN},
    "relation.": {*(relation.value for relation in Relation), *RELATIONS},
    "mode.": set(MODES),
    "record_state.": set(STATES),
    "use.": set(USES),
    "reason.": {*CARE_KINDS, "right"},
    "signing.": set(INDICATIONS.values()),
    "signing.kind_": set(SIGNER_KINDS),
    "signing.state_": {"waiting", "signed", "failed", "left"},
    "signing.step_": {state.value for state in StepState},
    "class.": {code for code, _display in (*PATIENT_CLASS.values(), *CLASSES.values())} | {"unknown"},
    "deliveries.": {*DELIVERIES, *DELIVERY_STATES},
    "asks.state_": {"waiting", "given", "nothing", "refused", "rejected"},
    "due.": {"order", "paper"},
    "deployment.": {standing.value for standing in Standing},
    "deployment.set_": set(SETS),
    "portal.act_": {act.value for act in DeploymentAct},
    "portal.kind_": set(FACILITY_KINDS),
    "portal.letter_": {letter.value for letter in Letter},
    "portal.owner_": set(OWNERS),
    "drug.": {"stopped", "cancelled", "on_hold"},
    "source.": {*_TIMES, *_PEOPLE, "period_start", "period_end"},
    "destruction.": {state.value for state in BatchState},
    "destruction.item_": {"listed", "left_out", "destroyed"},
    "diagnosis_role.": {*ROLES.values(), "unknown"},
    "event.": _events(),
    "fhir_type.": {"every", *TOLD_TYPES},
    "flag.": {"L", "H", "LL", "HH", "A"},
    "gender.": {*GENDER.values(), "unknown"},
    "kind.": {*KINDS, *ACCOUNT_KINDS},
    "message.": {*(kind.replace("^", "_") for kind in (*MAPPINGS, CLAIM, CHECKIN)), "?"},
    "loans.": {state.value for state in LoanState},
    "packages.": {state.value for state in PackageState},
    "packages.empty_": set(PACKAGE_LISTS),
    "packages.field_": {
        "name",
        "birthdate",
        "gender",
        *(each.rpartition(":")[2].replace("-", "_") for each in _TELLING),
    },
    "packages.kind_": {kind.value for kind in Kind if kind is not Kind.README},
    "packages.type_": {type_.lower() for type_ in JOINED},
    "packages.verdict_": {each.name.lower() for each in Indication},
    "patient.": set(TABS),
    "requests.": {state.value for state in RequestState},
    "requests.act_": set(STEPS),
    "requests.asker_": set(ASKERS),
    "requests.scope_": {scope.value for scope in Scope},
    "role.": {role.value for role in Role},
    "scope.": {level.value for level in Level} | {name for name, _ in _ACTS} | set(_TOLD_WORDS),
    "sends.": {*(state.value for state in SendState), CLAIM_SENT, CHECKIN_SENT, KSK},
    "sends.happened_": set(HAPPENED),
    "sends.mode_": {mode.value for mode in Mode if mode is not Mode.OFF},
    "station.": set(re.findall(r'Station\(\s*"(\w+)"', inspect.getsource(traces))) | {"book"},
}
"""What a template puts together: `t('role.' ~ role)`, and every end that may come."""
SAID_BY_CODE = {"looks.made_at", *(f"looks.{head}" for head in _HEADER)}
"""What no page says, but a file."""


def _written() -> set[str]:
    found: set[str] = set()
    for text in TEMPLATES.values():
        found |= set(re.findall(r"""\bt\('([a-z_]+\.[A-Za-z_]+)'\s*[,)]""", text))
    return found


def _needed() -> set[str]:
    return _written() | SAID_BY_CODE | {prefix + end for prefix, ends in FAMILIES.items() for end in ends}


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_prefix_that_a_template_puts_together_is_a_family_listed_here() -> None:
    put_together = {prefix for text in TEMPLATES.values() for prefix in re.findall(r"\bt\('([\w.]+)' ~", text)}
    assert put_together == set(FAMILIES)


def test_a_template_says_nothing_but_by_a_key_that_is_written_out() -> None:
    calls = sum(len(re.findall(r"\bt\(", text)) for text in TEMPLATES.values())
    known = sum(len(re.findall(r"\bt\('[a-z_]+\.[A-Za-z_]*'(?:\s*[,)]| ~)", text)) for text in TEMPLATES.values())
    assert calls == known > 150


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_of_the_templates_is_in_the_catalogue(language: words.Language) -> None:
    assert _needed() - set(words.catalogue(language)) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_catalogue_is_unused(language: words.Language) -> None:
    texts = words.catalogue(language)
    plural = {f"{key}_one" for key in _needed() if key in texts and "n" in _places(texts[key])}
    assert set(texts) - _needed() - plural == set()


def test_both_catalogues_have_the_same_keys() -> None:
    assert set(words.catalogue("vi")) == set(words.catalogue("en"))


def test_both_languages_fill_the_same_places() -> None:
    vi, en = words.catalogue("vi"), words.catalogue("en")
    assert {key for key in vi if _places(vi[key]) != _places(en[key])} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_of_a_text_is_given_by_the_template(language: words.Language) -> None:
    texts = words.catalogue(language)
    for name, template in TEMPLATES.items():
        for key, given in re.findall(r"\bt\('([a-z_]+\.[A-Za-z_]+)'((?:, \w+=)?)", template):
            if key in texts:
                assert bool(_places(texts[key])) == bool(given), (name, key)


def test_english_holds_no_vietnamese_letter() -> None:
    vietnamese = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯàáạảãèéẹẻẽìíịỉĩòóọỏõùúụủũỳýỵỷỹầấậẩẫằắặẳẵềếệểễồốộổỗờớợởỡừứựửữ]")
    told = {key: text for key, text in words.catalogue("en").items() if vietnamese.search(text)}
    assert set(told) <= {"app.other_language"}


def test_one_of_something_has_its_own_text() -> None:
    assert words.say("en", "home.parked", n=1) != words.say("en", "home.parked", n=2)
    assert "2" in words.say("vi", "home.parked", n=2)


def test_a_code_that_no_catalogue_knows_is_shown_as_it_is() -> None:
    assert words.say("vi", "message.MDM_T02") == "MDM_T02"


# Classes

DYNAMIC_CLASSES = {
    "site.kind": {"node", "book", "repository", "portal"},
    "each.standing.value": {standing.value for standing in Standing},
    "each.state": set(DELIVERY_STATES),
    "moment.kind": set(KINDS),
    "record.state.value": {state.value for state in RecordState},
    "paper.state.value": {state.value for state in PaperState},
    "message.state.value": {state.value for state in SendState},
    "each.severity.value": {severity.value for severity in Severity},
    "indications[": set(INDICATIONS.values()),
    "look.role": {role.value for role in Role},
}
SET_BY_SCRIPTS = {"is-offline", "htmx-request", "offer"}
PLAIN_ON_PURPOSE = {"node", "repository", "waiting", "wait", "DiagnosticReport", "ServiceRequest"} | {
    "MedicationRequest", "Composition",
    "doctor", "nurse", "records", "lab", "it_admin", "facility", "authority", "portal", "draft", "closed", "submitted",
    "destroyed",
    "held", "sent", "replaced", "moderate",
}  # fmt: skip
"""Members of a family that look as the rest of it does."""


def _classes_of(template: str) -> set[str]:
    found: set[str] = set()
    for value in re.findall(r'\bclass="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', template):
        for expression in re.findall(r"\{\{(.*?)\}\}", value):
            compared = re.sub(r"(==|in) *('[^']*'|\([^)]*\))", "", expression)
            found |= set(" ".join(re.findall(r"'([^']*)'", compared)).split())
            for name, ends in DYNAMIC_CLASSES.items():
                found |= ends if name in expression else set()
        found |= set(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", value).split())
    return found


def _styled() -> set[str]:
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "app.css").read_text(encoding="utf-8"), flags=re.S)
    selectors = re.findall(r"([^{};]+)\{", text)
    return {name for each in selectors for name in re.findall(r"\.([A-Za-z][\w-]*)", each)}


def test_every_class_of_the_templates_has_a_rule() -> None:
    used = set().union(*(_classes_of(text) for text in TEMPLATES.values()))
    assert used - _styled() - PLAIN_ON_PURPOSE == set()


def test_every_rule_has_a_class_that_uses_it() -> None:
    used = set().union(*(_classes_of(text) for text in TEMPLATES.values()))
    assert _styled() - used - SET_BY_SCRIPTS == set()


def test_what_is_plain_on_purpose_is_used_and_has_no_rule() -> None:
    used = set().union(*(_classes_of(text) for text in TEMPLATES.values()))
    assert used >= PLAIN_ON_PURPOSE
    assert PLAIN_ON_PURPOSE & _styled() <= {"waiting"}


def test_the_states_of_messages_are_the_ones_the_letter_page_tells_apart() -> None:
    told = set(re.findall(r"message\.state\.value == '(\w+)'", TEMPLATES["letter.html"]))
    assert told == {state.value for state in State}
