"""What the demonstration's hospitals hand in: claims that break no rule, check-ups that are right, keys made once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from benhan.demo.check_ups import check_up_of, handed_in
from benhan.demo.receivers import credentials_of, gln_of
from benhan.demo.scenario import HOSPITALS, claims, claims_file, make_people
from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.facility_knowledge import knowledge
from benhan.vn.bhyt.read import ClaimReader
from benhan.vn.bhyt.rules.rule import Level
from benhan.vn.identifiers import gln
from benhan.vn.identifiers.kind import is_stored_form
from benhan.vn.ksk.check import check_ksk
from benhan.vn.ksk.document import parse_ksk

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def test_claims_of_ended_stays_break_no_blocking_rule_and_are_written() -> None:
    for hospital in HOSPITALS:
        made = claims(hospital, make_people(8, NOW), NOW)
        assert len(made) > 2
        known = knowledge(NOW, [])
        assert [
            each.rule for claim in made for each in check_claim(claim, known).findings if each.level is Level.BLOCK
        ] == []
        read = list(ClaimReader([claims_file(hospital, made, NOW)]))
        assert [each.ma_lk for each in read] == [each.ma_lk for each in made]


def test_check_ups_are_right_but_for_the_one_that_lacks_a_commune(tmp_path: Path) -> None:
    hospital = HOSPITALS[0]
    people = [each for each in make_people(12, NOW) if each.age(NOW.date()) >= 18 and each.citizen_number][:5]
    for each in people:
        assert [issue for issue in check_ksk(check_up_of(hospital, each, NOW)) if issue.is_error] == []
    files = [parse_ksk(each) for each in handed_in(hospital, people, NOW, credentials_of(tmp_path, hospital))]
    assert all(each.doctor_signature and not each.facility_signature for each in files)
    assert [bool(check_ksk(each)) for each in files] == [False] * (len(files) - 1) + [True]


def test_numbers_and_keys_of_the_hospitals_hold(tmp_path: Path) -> None:
    assert all(is_stored_form(gln, gln_of(each)) for each in HOSPITALS)
    first, again = (credentials_of(tmp_path, HOSPITALS[0]) for _ in range(2))
    assert first.private.private_numbers() == again.private.private_numbers()
    assert first.key.stat().st_mode & 0o077 == 0
