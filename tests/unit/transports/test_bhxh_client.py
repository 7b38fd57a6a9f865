"""The client of the BHYT portal against a portal that behaves as documented, failures and slowness included."""

from __future__ import annotations

import asyncio
import logging
from datetime import date, timedelta

import httpx
import pytest
from tests.clocks import SetClock
from tests.unit.vn.bhyt.samples import FOLDER, claim_of

from benhan.kernel.faults import Fault
from benhan.kernel.secrets import Secret
from benhan.testing.fake_bhxh_gateway import Card, FakeBhxhGateway, shape_signed
from benhan.transports.bhxh_client import BhxhAccount, BhxhClient, CardQuestion
from benhan.vn.bhyt.gateway_codes import Reaction, meaning_of
from benhan.vn.bhyt.tables import latest
from benhan.vn.bhyt.write import checkin_to_bytes, claims_to_bytes

PASSWORD = "mật-khẩu-thử"
QUESTION = CardQuestion("DN4990000000001", "NGUYỄN VĂN MẪU", "01/01/1990", "LÊ THỊ THỬ", "000000000099")
LOGIN, SEND = "/api/token/take", "/api/qd130/guiHoSoXmlQD3176"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def portal(clock: SetClock) -> FakeBhxhGateway:
    return FakeBhxhGateway(
        accounts={"bv99001": ("99001", PASSWORD)}, staff={QUESTION.staff_number}, now=clock.now, slow_s=1.0
    )


def client(
    portal: FakeBhxhGateway, clock: SetClock, *, password: str = PASSWORD, facility: str = "99001"
) -> BhxhClient:
    account = BhxhAccount(facility, "bv99001", Secret(password))
    return BhxhClient("http://egw.test", account, clock, transport=httpx.ASGITransport(portal))


def claim_file(case: str = "A_outpatient", facility: str = "99001") -> bytes:
    return shape_signed(claims_to_bytes(facility, date(2026, 11, 30), [claim_of(case)], latest()))


async def refusal(one: BhxhClient, file: bytes | None = None) -> Fault:
    with pytest.raises(Fault) as refused:
        await one.send(claim_file() if file is None else file)
    assert PASSWORD not in str(refused.value)
    return refused.value


async def test_a_signed_claim_is_taken_byte_for_byte_and_gives_its_receipt(
    portal: FakeBhxhGateway, clock: SetClock
) -> None:
    one, file = client(portal, clock), claim_file()
    accepted = await one.send(file)
    assert portal.taken[accepted.transaction] == ("99001", file)
    assert accepted.received_at == clock.now().replace(microsecond=0)
    assert list(portal.claims) == ["SYN-A-0001"]


async def test_a_check_in_is_sent_to_its_own_door(portal: FakeBhxhGateway, clock: SetClock) -> None:
    from benhan.vn.bhyt.read import ClaimReader

    [claim] = ClaimReader([(FOLDER / "xml0_checkin_exam.xml").read_bytes()])
    file = shape_signed(checkin_to_bytes(claim.rows("XML0"), latest()))
    accepted = await client(portal, clock).check_in(file)
    assert accepted.transaction in portal.taken
    assert portal.heard[-1] == "/api/qd130/checkInKcbQd3176"


async def test_one_login_serves_many_files_until_shortly_before_the_token_ends(
    portal: FakeBhxhGateway, clock: SetClock
) -> None:
    one = client(portal, clock)
    for _ in range(3):
        await one.send(claim_file())
    assert portal.heard.count(LOGIN) == 1
    clock.advance(seconds=portal.token_life_s - 59)
    await one.send(claim_file())
    assert portal.heard.count(LOGIN) == 2


async def test_a_token_taken_back_is_renewed_once(portal: FakeBhxhGateway, clock: SetClock) -> None:
    one = client(portal, clock)
    await one.send(claim_file())
    portal.behave = ["expired"]
    await one.send(claim_file())
    assert portal.heard == [LOGIN, SEND, SEND, LOGIN, SEND]
    portal.behave = ["401", "", "401"]
    assert (await refusal(one)).code == "BA-3413"


async def test_a_wrong_password_is_told_and_not_shown(portal: FakeBhxhGateway, clock: SetClock) -> None:
    fault = await refusal(client(portal, clock, password="sai"))
    assert (fault.code, fault.retryable) == ("BA-3413", False)
    assert "sai" not in repr(BhxhAccount("99001", "bv99001", Secret("sai")))


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("500", "BA-3411"), ("124", "BA-3411"), ("http 503", "BA-3411"), ("http 500", "BA-3411"),
        ("http 403", "BA-3413"), ("403", "BA-3413"), ("http 404", "BA-3412"), ("701", "BA-3412"),
        ("1001", "BA-3412"), ("9999", "BA-3412"), ("html", "BA-3414"),
    ],
)  # fmt: skip
async def test_every_way_of_failing_is_a_declared_fault(
    portal: FakeBhxhGateway, clock: SetClock, behaviour: str, code: str
) -> None:
    one = client(portal, clock)
    portal.behave = ["", behaviour]
    fault = await refusal(one)
    assert (fault.code, fault.retryable) == (code, code == "BA-3411")


async def test_a_refusal_says_what_to_mend(portal: FakeBhxhGateway, clock: SetClock) -> None:
    portal.behave = ["", "125"]
    fault = await refusal(client(portal, clock))
    assert [issue.text for issue in fault.issues] == [meaning_of("send", "125").text]


async def test_a_file_changed_after_signing_is_refused_with_125(portal: FakeBhxhGateway, clock: SetClock) -> None:
    fault = await refusal(client(portal, clock), claim_file().replace(b"20261130", b"20261129"))
    assert "125" in fault.text.vi


@pytest.mark.parametrize("mark", [b"<CHUKYDONVI></CHUKYDONVI>", b"<CHUKYDONVI> </CHUKYDONVI>"])
async def test_an_unsigned_file_never_leaves_the_house(portal: FakeBhxhGateway, clock: SetClock, mark: bytes) -> None:
    unsigned = claims_to_bytes("99001", date(2026, 11, 30), [claim_of("A_outpatient")], latest())
    fault = await refusal(client(portal, clock), unsigned.replace(b"<CHUKYDONVI></CHUKYDONVI>", mark))
    assert fault.code == "BA-3415"
    assert portal.heard == []


async def test_a_file_of_another_facility_never_leaves_the_house(portal: FakeBhxhGateway, clock: SetClock) -> None:
    fault = await refusal(client(portal, clock), claim_file(facility="99002"))
    assert fault.code == "BA-3416"
    assert portal.heard == []


async def test_a_portal_that_is_away_or_slow_is_to_be_tried_again(clock: SetClock) -> None:
    for failure in (httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.ConnectTimeout("x")):

        def fail(_request: httpx.Request, failure: Exception = failure) -> httpx.Response:
            raise failure

        account = BhxhAccount("99001", "bv99001", Secret(PASSWORD))
        one = BhxhClient("http://egw.test", account, clock, transport=httpx.MockTransport(fail))
        fault = await refusal(one)
        assert (fault.code, fault.retryable) == ("BA-3410", True)


async def test_a_portal_that_never_answers_is_given_up(clock: SetClock) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        account = BhxhAccount("99001", "bv99001", Secret(PASSWORD))
        one = BhxhClient(f"http://127.0.0.1:{port}", account, clock, answer_s=0.1)
        assert (await refusal(one)).code == "BA-3410"
        await one.close()


async def test_a_slow_portal_is_waited_for(portal: FakeBhxhGateway, clock: SetClock) -> None:
    portal.slow_s, portal.behave = 0.05, ["slow", "slow"]
    assert (await client(portal, clock).send(claim_file())).transaction in portal.taken


@pytest.mark.parametrize(
    ("code", "reaction"),
    [("000", Reaction.ACCEPT), ("001", Reaction.LOOK), ("003", Reaction.NEW_CARD), ("010", Reaction.INVALID),
     ("060", Reaction.INVALID), ("110", Reaction.INVALID), ("124", Reaction.INVALID)],
)  # fmt: skip
async def test_what_the_portal_says_of_a_card_is_an_answer(
    portal: FakeBhxhGateway, clock: SetClock, code: str, reaction: Reaction
) -> None:
    portal.cards[QUESTION.card] = Card(code, {"gtTheDen": "31/12/2026"})
    answer = await client(portal, clock).look_up(QUESTION)
    assert (answer.code, answer.meaning.reaction, answer.told["gtTheDen"]) == (code, reaction, "31/12/2026")
    assert QUESTION.name not in repr(answer)


async def test_who_asks_must_be_registered(portal: FakeBhxhGateway, clock: SetClock) -> None:
    portal.staff.clear()
    answer = await client(portal, clock).look_up(QUESTION)
    assert (answer.code, answer.meaning.reaction) == ("054", Reaction.CONFIGURE)


@pytest.mark.parametrize(("behaviour", "code"), [("100", "BA-3411"), ("205", "BA-3412"), ("http 502", "BA-3411")])
async def test_a_look_up_that_fails_is_a_fault(
    portal: FakeBhxhGateway, clock: SetClock, behaviour: str, code: str
) -> None:
    portal.behave = ["", behaviour]
    with pytest.raises(Fault, match=code):
        await client(portal, clock).look_up(QUESTION)


async def test_nothing_secret_is_logged(
    portal: FakeBhxhGateway, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    portal.cards[QUESTION.card] = Card()
    one = client(portal, clock)
    await one.look_up(QUESTION)
    await one.send(claim_file())
    assert caplog.text == ""


async def test_a_token_without_an_end_is_not_kept_for_ever(clock: SetClock) -> None:
    logins = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal logins
        if request.url.path != LOGIN:
            return httpx.Response(200, json={"maKetQua": 200, "maGiaoDich": "T1"})
        logins += 1
        return httpx.Response(200, json={"maKetQua": "200", "APIKey": {"access_token": "a", "id_token": "i"}})

    account = BhxhAccount("99001", "bv99001", Secret(PASSWORD))
    one = BhxhClient("http://egw.test", account, clock, transport=httpx.MockTransport(handle))
    for _ in range(2):
        assert (await one.send(claim_file())).transaction == "T1"
    clock.advance(seconds=timedelta(hours=1).total_seconds())
    await one.send(claim_file())
    assert logins == 2


def test_every_code_has_its_words() -> None:
    assert meaning_of("send", "123").reaction is Reaction.MEND
    assert meaning_of("card", "123").reaction is Reaction.INVALID
    assert "?" in meaning_of("send", "<b>").text.vi
