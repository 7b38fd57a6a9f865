"""What has no basis does not go; what was refused does not go; a consent is what its taker signed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.network.people import ASKER, AT, BOOK, HOLDER, HUB, OTHER_PERSON, PERSON, Network, signer

from benhan.kernel.faults import Fault
from benhan.network.bases import legal_bases
from benhan.network.consent import REASONS, Consent, Grant, Question, Way, judge, read_consent, sign_consent
from benhan.network.kinds import data_kinds, kind_of
from benhan.vn.secrecy.kinds import secrecy_kinds

CONFIGURATION = Network().configuration()
KINDS = tuple(data_kinds())


def consent(grant: Grant = Grant.PERMIT, taker: str = BOOK, way: Way = Way.BOOK, **told: Any) -> Consent:
    """A consent of the person for the asker's treatment, as its taker signed it."""
    if grant is Grant.PERMIT:
        told = {"purposes": ["treatment"], "recipients": [ASKER], **told}
    subject = told.pop("subject", [PERSON])
    since, days = told.pop("since", AT), told.pop("days", 30)
    signed = sign_consent(grant, subject, signer(taker), since, since + timedelta(days=days), way=way, **told)
    return read_consent(signed.text, CONFIGURATION)


def question(**told: Any) -> Question:
    usual = {"asker": ASKER, "holder": HOLDER, "subject": frozenset({PERSON}), "purpose": "treatment",
             "kinds": ("summary", "laboratory"), "basis": "consent"}  # fmt: skip
    return Question(**{**usual, **told})


def test_a_consent_opens_what_it_names_to_whom_it_names() -> None:
    given_ = consent(kinds=["laboratory"])
    verdict = judge(question(), [given_], AT)
    assert (verdict.kinds, verdict.refused) == (("laboratory",), {"summary": "not-permitted"})
    assert verdict.consents == (given_.number,)
    for other in (
        question(asker="48001"), question(purpose="research"), question(subject=frozenset({OTHER_PERSON})),
    ):  # fmt: skip
        assert not judge(other, [given_], AT).is_allowed


def test_a_consent_counts_in_its_time_and_until_it_is_taken_back() -> None:
    given_ = consent(days=2)
    assert judge(question(), [given_], AT + timedelta(days=1)).is_allowed
    assert judge(question(), [given_], AT + timedelta(days=2)).reason == "no-consent"
    assert judge(question(), [given_], AT, frozenset({given_.number})).reason == "no-consent"


def test_a_refusal_goes_before_a_permit_but_not_before_an_emergency() -> None:
    refusal = consent(Grant.REFUSE)
    later = consent(since=AT + timedelta(hours=1))
    assert judge(question(), [refusal, later], AT + timedelta(hours=2)).reason == "refused"
    assert judge(question(basis="transfer", purpose="transfer", note="GC-12"), [refusal], AT).reason == "refused"
    emergency = question(basis="emergency", purpose="emergency", note="đột quỵ")
    assert judge(emergency, [refusal], AT).is_allowed


def test_a_refusal_may_be_of_one_kind_for_one_facility() -> None:
    refusal = consent(Grant.REFUSE, kinds=["laboratory"], recipients=[ASKER])
    assert judge(question(), [refusal, consent()], AT).kinds == ("summary",)


def test_a_basis_of_law_is_for_its_purpose_and_needs_its_reason() -> None:
    assert judge(question(basis="emergency", note="x"), [], AT).reason == "not-for-purpose"
    assert judge(question(basis="emergency", purpose="emergency"), [], AT).reason == "no-note"
    assert judge(question(basis="treatment", note="x"), [], AT).reason == "no-basis"
    assert judge(question(basis="because"), [], AT).reason == "no-basis"


def test_special_secrecy_opens_to_a_consent_that_names_it_only() -> None:
    asked = question(secrets=("hiv", "abuse"))
    assert judge(asked, [consent()], AT).secrets == ()
    assert judge(asked, [consent(secrets=["hiv"])], AT).secrets == ("hiv",)
    emergency = question(basis="emergency", purpose="emergency", note="x", secrets=("hiv",))
    assert judge(emergency, [], AT).secrets == ()


def test_who_may_not_take_consents_that_way_makes_none() -> None:
    for taker, way, code in ((ASKER, Way.BOOK, "BA-6014"), (HUB, Way.BOOK, "BA-6014"), (BOOK, Way.PAPER, "BA-6014")):
        with pytest.raises(Fault) as told:
            consent(taker=taker, way=way, evidence="0" * 64)
        assert told.value.code == code
    assert consent(taker=ASKER, way=Way.PAPER, evidence="0" * 64).attester == ASKER
    with pytest.raises(Fault) as told:
        consent(taker=ASKER, way=Way.PAPER)  # no scan
    assert told.value.code == "BA-6012"


def test_a_permit_for_everybody_or_for_ever_is_none() -> None:
    for wrong in ({"recipients": []}, {"purposes": []}, {"days": 4000}):
        with pytest.raises(Fault) as told:
            consent(**wrong)
        assert told.value.code == "BA-6012"


_consents = st.builds(
    lambda grant, kinds, recipients, days: consent(grant, kinds=kinds, recipients=recipients, days=days),
    st.sampled_from(Grant),
    st.lists(st.sampled_from(KINDS), max_size=3),
    st.lists(st.sampled_from([ASKER, "48001"]), min_size=1, max_size=2),
    st.integers(1, 40),
)


@given(st.lists(_consents, max_size=4), st.lists(st.sampled_from(KINDS), min_size=1, max_size=4), st.integers(0, 45))
def test_more_refusals_never_open_more_and_order_says_nothing(
    consents: list[Consent], kinds: list[str], days: int
) -> None:
    at, asked = AT + timedelta(days=days), question(kinds=tuple(kinds))
    found = judge(asked, consents, at)
    assert set(found.kinds) | set(found.refused) == set(kinds)
    assert judge(asked, reversed(consents), at).kinds == found.kinds
    assert set(judge(asked, [*consents, consent(Grant.REFUSE, days=45)], at).kinds) == set()
    permits = [each for each in consents if each.grant is Grant.PERMIT]
    for kind in found.kinds:
        assert any(not each.kinds or kind in each.kinds for each in permits)


def test_every_reason_is_said_in_both_languages_and_every_secret_is_known() -> None:
    assert all(text.vi and text.en for text in REASONS.values())
    assert all(basis.secrets <= set(secrecy_kinds()) for basis in legal_bases().values())
    assert all(basis.clause for basis in legal_bases().values())


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ({"resourceType": "Observation", "category": [{"coding": [{"code": "vital-signs"}]}]}, "vital-signs"),
        ({"resourceType": "Observation", "category": [{"coding": [{"code": "laboratory"}]}]}, "laboratory"),
        ({"resourceType": "DiagnosticReport", "category": [{"coding": [{"code": "RAD"}]}]}, "imaging"),
        ({"resourceType": "Condition"}, "summary"),
        ({"resourceType": "Consent"}, ""),
    ],
)
def test_each_resource_is_of_one_kind_or_of_none(resource: dict[str, Any], kind: str) -> None:
    assert kind_of(resource) == kind
