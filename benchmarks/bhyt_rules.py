"""All rules of a BHYT claim on an episode of average size, one core, beside what lxml takes to parse its inner files.

An outpatient visit has 4 drugs, 6 services, 15 results; an inpatient stay 39, 48, 60 and 8 notes; 9.1 % of the
country's visits are stays (VSS, 2017). The claims are the generated samples with their lines repeated; everything a
rule can ask is known, so that all 135 are checked. The peer does less: it only parses the bytes the claim came in.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from lxml import etree

from benhan.vn.bhyt.claim import Claim, ClaimFile, Row
from benhan.vn.bhyt.claim_check import check_claim
from benhan.vn.bhyt.read import ClaimReader
from benhan.vn.bhyt.rules.context import (
    Apart,
    Approved,
    BedUse,
    CardAnswer,
    Contrast,
    Done,
    DrugTerms,
    Hours,
    Icd10,
    InFile,
    Knowledge,
    SentClaims,
    Signature,
    Staff,
)
from benhan.vn.bhyt.tables import latest
from benhan.vn.bhyt.write import table_to_bytes
from common import ROOT, arguments, report

FILE = InFile(ClaimFile("99001", "20261126", "1", signed=True, claims_seen=1), Signature.VALID, ())
STAYS = 0.091
OUTPATIENT = ("A_outpatient", {"XML2": 2, "XML3": 2, "XML4": 5})
INPATIENT = ("B_inpatient", {"XML2": 13, "XML3": 8, "XML4": 60, "XML5": 4})


def episode(name: str, times: dict[str, int]) -> Claim:
    """A sample with the rows of its tables so many times over."""
    data = (ROOT / "tests" / "bhyt_samples" / f"{name}.GIAMDINHHS.xml").read_bytes()
    (claim,) = ClaimReader([data])
    claim.tables = {
        table: [dict(row) for _ in range(times.get(table, 1)) for row in rows] for table, rows in claim.tables.items()
    }
    return claim


def knowledge(claims: list[Claim]) -> Knowledge:
    """A world that knows each kind of thing; the catalogues have 5,000 rows beside those of the claims."""
    drugs = [line for claim in claims for line in claim.rows("XML2")]
    services = [line for claim in claims for line in claim.rows("XML3")]
    others = {f"99.{number}": [Approved(f"Khác {number}", price_dong="1000")] for number in range(5000)}
    cards = {number for claim in claims for number in claim.summary["MA_THE_BHYT"].split(";")}
    return Knowledge(
        now="202611261700",
        sent=SentClaims({}, {("BN", "202601010000"): "OTHER"}),
        check_ins={claim.ma_lk: [_check_in(claim)] for claim in claims},
        cards=dict.fromkeys(cards, CardAnswer("000")),
        facilities={"99001", "99002", "99003"},
        communes={"99999": "99"},
        icd10={code: Icd10() for code in ("J20", "R50.9", "K35.8", "I10")},
        yhct={"U62.392"},
        drugs=others | {line["MA_THUOC"]: [Approved(line["TEN_THUOC"], line["DON_VI_TINH"])] for line in drugs},
        supplies=others | {line["MA_VAT_TU"]: [Approved(line["TEN_VAT_TU"])] for line in services if line["MA_VAT_TU"]},
        services=others
        | {line["MA_DICH_VU"]: [Approved(line["TEN_DICH_VU"] or "", machine=True)] for line in services},
        staff={f"00000{number}/ZZZ-GPHN": Staff(is_head=number == 9) for number in range(10)},
        departments={"K01", "K19"},
        machines={"HH.1.SN0001", "XQ.3[vaynganhang].SN0002", "PT.1.SN0003"},
        drug_terms={"40.998": DrugTerms(50)},
        long_supply={"B20"},
        contrast=Contrast(frozenset({"40.641"}), frozenset({"18.0155"})),
        apart=[Apart("22.0121.1369", f"22.{number}", 7) for number in range(80)],
        beds={("K19", "H001"): [BedUse("OTHER", "202611010000", "202611012359")]},
        done_elsewhere={"000003/ZZZ-GPHN": [Done("OTHER", "18.0119.0028", "202611020730")]},
        earlier={"BN": [Done("OTHER", "22.0121.1369", "202611010730")]},
        papers={"OTHER": ()},
        hours=Hours(frozenset(range(5)), "0600", "1800"),
    )


def _check_in(claim: Claim) -> Row:
    first = claim.rows("XML3")[0]
    return dict.fromkeys(("MA_THUOC", "TEN_THUOC", "MA_VAT_TU", "TEN_VAT_TU"), "") | {
        name: first[name] for name in ("NGAY_YL", "MA_DICH_VU", "TEN_DICH_VU")
    }


def spent_ms(act: Callable[[], object], seconds: float) -> float:
    """Milliseconds of the processor for one act: the median of rounds of twenty."""
    rounds = []
    until = time.process_time() + seconds
    while time.process_time() < until or len(rounds) < 5:
        began = time.process_time()
        for _ in range(20):
            act()
        rounds.append((time.process_time() - began) / 20)
    return statistics.median(rounds) * 1e3


def measure(quick: bool) -> dict[str, Any]:
    seconds = 2.0 if quick else 10.0
    claims = {"outpatient": episode(*OUTPATIENT), "inpatient": episode(*INPATIENT)}
    context = knowledge(list(claims.values()))
    rules: dict[str, float] = {}
    parse: dict[str, float] = {}
    for name, claim in claims.items():
        assert check_claim(claim, context, file=FILE).checked == 135
        files = [table_to_bytes(rows, latest().tables[table]) for table, rows in claim.tables.items()]
        rules[name] = spent_ms(lambda claim=claim: check_claim(claim, context, file=FILE), seconds)  # type: ignore[misc]
        parse[name] = spent_ms(lambda files=files: [etree.fromstring(each) for each in files], seconds)  # type: ignore[misc]

    def mean(of: dict[str, float]) -> float:
        return of["outpatient"] * (1 - STAYS) + of["inpatient"] * STAYS

    return {
        "rules_ms": round(mean(rules), 3),
        "rules_outpatient_ms": round(rules["outpatient"], 3),
        "rules_inpatient_ms": round(rules["inpatient"], 3),
        "rules_lxml_parse_ms": round(mean(parse), 3),
        "ratio_to_limit": round(mean(parse) / mean(rules), 3),
    }


if __name__ == "__main__":
    options = arguments(__doc__ or "")
    report(measure(options.quick), options)
