"""The client against a hub as documented, and as hubs are: every result code, errors, slowness, lost answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.clocks import StoppedClock
from tests.unit.vn.ksk_making import GLN, check_up

from benhan.kernel.faults import Fault
from benhan.kernel.ids import SeededRandom
from benhan.kernel.secrets import Secret
from benhan.testing.fake_emrhub import FakeEmrhub, Plan
from benhan.transports.emrhub_client import (
    ANSWER_BYTES_MAX,
    HANOI,
    PRODUCTION,
    SANDBOX,
    TRIES,
    EmrhubClient,
    Pushed,
    Sender,
    Target,
)
from benhan.vn.emrhub.results import Outcome, result_codes
from benhan.vn.ksk.signing_places import Signed, unsigned

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PASSWORD = "mat-khau-rat-bi-mat"


class World:
    """A hub and a client of it, with a clock that only waiting moves."""

    def __init__(self, target: Target = SANDBOX, password: str = PASSWORD, timeout_s: float = 30.0, **hub: int) -> None:
        self.clock = StoppedClock(datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
        self.waits: list[float] = []
        self.hub = FakeEmrhub({"cs01901": PASSWORD}, {GLN: KEY.public_key()}, self.clock, SeededRandom(1), **hub)
        self.client = EmrhubClient(
            target,
            Sender(GLN, "cs01901", Secret(password), KEY),
            clock=self.clock,
            random=SeededRandom(2),
            sleep=self._sleep,
            timeout_s=timeout_s,
            transport=httpx.ASGITransport(self.hub),
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds=seconds)

    async def push(self, number: int = 1) -> Pushed:
        return await self.client.push(signed_file(number))

    async def refused(self, number: int = 1) -> Fault:
        with pytest.raises(Fault) as caught:
            await self.push(number)
        assert PASSWORD not in str(caught.value)
        assert "001090" not in str(caught.value)
        return caught.value


def signed_file(number: int = 1) -> Signed:
    return unsigned(check_up(number)).with_doctor(b"bac si").with_facility(b"co so")


@pytest.mark.parametrize("target", [PRODUCTION, SANDBOX, Target("https://api.emrhub.vn", "TTYQG", "1.0.3")])
async def test_a_signed_check_up_is_taken_and_its_transaction_number_kept(target: Target) -> None:
    world = World(target)
    pushed = await world.push()
    (taken,) = world.hub.taken.values()
    assert (pushed.acknowledgement.txn_id, pushed.msg_id) == (taken.txn_id, taken.msg_id)
    assert (pushed.outcome, pushed.tries) == (Outcome.ACCEPTED, 1)
    assert pushed.acknowledgement.ref_msg_id == pushed.msg_id
    assert taken.check.parts["XML1"] == check_up().parts["XML1"]
    (header,) = world.hub.headers
    assert (header["receiver_id"], header["version"]) == (target.receiver_id, target.version)
    assert header["send_datetime"] == 1772420400000


async def test_one_login_serves_many_messages_which_keep_their_distance() -> None:
    world = World()
    for number in range(3):
        await world.push(number)
    assert (world.hub.logins, world.hub.pushes) == (1, 3)
    assert world.waits == pytest.approx([0.6, 0.6])


async def test_a_token_is_renewed_before_it_ends() -> None:
    world = World(duration_s=100)
    await world.push(1)
    world.clock.advance(seconds=41)
    await world.push(2)
    assert (world.hub.logins, world.hub.pushes) == (2, 2)


async def test_a_token_that_the_hub_forgot_is_replaced_once_and_the_message_sent() -> None:
    world = World()
    await world.push(1)
    world.hub.forget_tokens()
    pushed = await world.push(2)
    assert (world.hub.logins, pushed.tries) == (2, 1)


async def test_a_wrong_password_is_told_and_sends_nothing() -> None:
    world = World(password="khac")
    fault = await world.refused()
    assert (fault.code, "CM_AUTH_ACCOUNT_FAIL" in fault.text.vi) == ("BA-3603", True)
    assert (world.hub.logins, world.hub.pushes) == (1, 0)


EXPECTED = {
    Outcome.ACCEPTED: "",
    Outcome.DUPLICATE: "",
    Outcome.PENDING: "",
    Outcome.PARTLY: "",
    Outcome.AGAIN: "BA-3602",
    Outcome.SIGN_IN: "BA-3603",
    Outcome.REFUSED: "BA-3604",
}


@pytest.mark.parametrize("code", list(result_codes()))
async def test_every_result_code_is_a_receipt_or_a_fault_that_says_what_to_do(code: str) -> None:
    world = World()
    world.hub.plan(*[Plan(code)] * 6)
    outcome = result_codes()[code].outcome
    if not EXPECTED[outcome]:
        pushed = await world.push()
        assert pushed.outcome is outcome
        assert world.hub.pushes == 1
        return
    fault = await world.refused()
    assert fault.code == EXPECTED[outcome]
    tries = {Outcome.AGAIN: TRIES, Outcome.SIGN_IN: 2, Outcome.REFUSED: 1}[outcome]
    assert world.hub.pushes == tries
    if outcome is Outcome.REFUSED:
        assert code in fault.text.vi
        assert [issue.text for issue in fault.issues] == [result_codes()[code].text]


@pytest.mark.parametrize("code", ["PS_DS_VERIFY_FAIL", "PS_DS_CA_SIGNATURE_INVALID"])
async def test_success_of_the_message_with_a_failed_content_is_a_refusal(code: str) -> None:
    world = World()
    world.hub.plan(Plan(code, in_data_state=True))
    assert (await world.refused()).code == "BA-3604"


async def test_a_business_duplicate_is_not_sent_again() -> None:
    world = World()
    await world.push(1)
    pushed = await world.push(1)
    assert (pushed.outcome, pushed.tries, world.hub.pushes) == (Outcome.DUPLICATE, 1, 2)
    assert len(world.hub.taken) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_busy_hub_is_asked_again_with_the_same_number(status: int) -> None:
    world = World()
    world.hub.plan(Plan(status=status), Plan(status=status))
    pushed = await world.push()
    assert (pushed.tries, world.hub.pushes, len(world.hub.taken)) == (3, 3, 1)
    assert [wait for wait in world.waits if wait >= 1] == [1.0, 2.0]


async def test_a_hub_that_stays_busy_is_left_alone_after_three_tries() -> None:
    world = World()
    world.hub.plan(*[Plan(status=503)] * 9)
    assert (await world.refused()).code == "BA-3602"
    assert world.hub.pushes == TRIES


async def test_a_message_whose_answer_was_lost_is_kept_once() -> None:
    world = World()
    world.hub.plan(Plan(status=504, is_kept=True))
    pushed = await world.push()
    (taken,) = world.hub.taken.values()
    assert (pushed.tries, pushed.outcome, pushed.acknowledgement.txn_id) == (2, Outcome.ACCEPTED, taken.txn_id)


async def test_an_answer_that_takes_too_long_is_a_time_out_and_tried_again() -> None:
    world = World(timeout_s=0.05)
    world.hub.plan(Plan("CM_SUCCESS", delay_s=5.0))
    began = asyncio.get_running_loop().time()
    pushed = await world.push()
    assert pushed.tries == 2
    assert asyncio.get_running_loop().time() - began < 2


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (Plan(body=b"<html>", status=200), "BA-3605"),
        (Plan(body=b"", status=200), "BA-3605"),
        (Plan(body=b"{}", status=400), "BA-3605"),
        (Plan(body=b'{"header":{"res_code":"CM_SUCCESS"}}', status=200), "BA-3605"),
        (Plan(body=b"x" * (ANSWER_BYTES_MAX + 1), status=200), "BA-3605"),
        (Plan(body=b"", status=404), "BA-3605"),
        (Plan(body=b'{"header":{"res_code":"<script>"}}', status=200), "BA-3604"),
        (Plan("PS_SIGNATURE_INVALID", status=400), "BA-3604"),
        (Plan("CM_INVALID_REQUEST", status=500), "BA-3604"),
    ],
)
async def test_an_answer_that_says_nothing_or_no_is_not_taken_for_a_receipt(plan: Plan, code: str) -> None:
    world = World()
    world.hub.plan(plan)
    fault = await world.refused()
    assert fault.code == code
    assert "<" not in fault.text.vi
    assert world.hub.pushes == 1


async def test_a_hub_that_is_not_there_is_told_so_after_its_tries() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x", request=request)

    world = World()
    world.client = EmrhubClient(
        SANDBOX,
        Sender(GLN, "a", Secret("b"), KEY),
        clock=world.clock,
        sleep=world._sleep,
        transport=httpx.MockTransport(away),
    )
    assert (await world.refused()).code == "BA-3601"
    assert world.waits == [1.0, 2.0]


@pytest.mark.parametrize(
    "address",
    [
        "http://api.emrhub.vn",
        "https://api.emrhub.vn.evil.vn",
        "https://emrhub.vn",
        "https://evil.vn/api.emrhub.vn",
        "https://api.emrhub.vn@evil.vn",
        "https://u:p@api.emrhub.vn",
        "https://api.emrhub.vn:8443",
        "ftp://api.emrhub.vn",
        "",
    ],
)
def test_only_the_hub_itself_is_talked_to(address: str) -> None:
    with pytest.raises(Fault, match="BA-3600"):
        EmrhubClient(Target(address), Sender(GLN, "a", Secret("b"), KEY))


def test_a_host_that_is_allowed_by_name_may_stand_in_for_it() -> None:
    sender = Sender(GLN, "a", Secret("b"), KEY)
    assert EmrhubClient(Target("http://127.0.0.1:9"), sender, hosts=frozenset({"127.0.0.1"}))
    with pytest.raises(Fault, match="BA-3600"):
        EmrhubClient(Target("http://127.0.0.2:9"), sender, hosts=frozenset({"127.0.0.1"}))


async def test_a_provincial_hub_has_a_message_and_decides_later() -> None:
    world = World(HANOI)
    pushed = await world.push()
    (taken,) = world.hub.taken.values()
    assert (pushed.outcome, pushed.acknowledgement.txn_id) == (Outcome.PENDING, taken.txn_id)
    (header,) = world.hub.headers
    assert (header["receiver_id"], header["version"]) == ("VTS", "1.0")
    world.hub.forget_tokens()
    await world.push(2)
    assert world.hub.logins == 2


@pytest.mark.parametrize(
    ("state", "code"), [("Thành công", ""), ("Thành công 1 phần", ""), ("Đang xử lý", ""), ("Lỗi", "BA-3604")]
)
async def test_every_state_of_a_provincial_hub_is_a_receipt_or_a_fault(state: str, code: str) -> None:
    world = World(HANOI)
    world.hub.plan(Plan(state))
    if code:
        fault = await world.refused()
        assert (fault.code, state in fault.text.vi) == (code, True)
    else:
        assert (await world.push()).outcome is result_codes()[state].outcome
    assert world.hub.pushes == 1


async def test_a_wrong_password_at_a_provincial_hub_is_told() -> None:
    assert (await World(HANOI, password="khac").refused()).code == "BA-3603"


async def test_what_the_hub_looks_at_it_finds() -> None:
    """Unsigned files and strange keys get the codes that practice has seen."""
    half = unsigned(check_up()).with_doctor(b"bac si")
    world = World()
    with pytest.raises(Fault, match="BA-3604") as caught:
        await world.client.push(Signed(half.to_sign))
    assert "PS_DS_CA_SIGNATURE_MISSING" in caught.value.text.vi
    world.hub.keys[GLN] = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    assert "PS_DS_RSA_SIGNATURE_INVALID" in (await world.refused()).text.vi
