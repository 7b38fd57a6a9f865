from __future__ import annotations

import multiprocessing
import re

from benhan.kernel.clock import SystemClock
from benhan.kernel.ids import SeededRandom, SystemRandom
from benhan.kernel.secrets import Secret
from benhan.kernel.texts import Text
from benhan.kernel.trace import is_trace_id, new_trace_id, trace_of_traceparent


def test_a_text_keeps_a_place_that_has_no_parameter() -> None:
    assert Text("a {x} {y}", "b {x}").filled(x=1) == Text("a 1 {y}", "b 1")


def test_a_text_speaks_vietnamese_unless_english_is_asked() -> None:
    assert Text("có", "yes").in_language("vi") == "có"
    assert Text("có", "yes").in_language("en") == "yes"


def test_trace_ids_are_of_the_w3c_form() -> None:
    assert re.fullmatch("[0-9a-f]{32}", new_trace_id(SystemRandom()))
    assert not is_trace_id("0" * 32)
    assert not is_trace_id("AB" * 16)


def test_a_traceparent_gives_its_trace_id_or_nothing() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert trace_of_traceparent(f"00-{trace}-00f067aa0ba902b7-01") == trace
    assert trace_of_traceparent("nonsense") is None
    assert trace_of_traceparent("00-zz-00-01") is None


def test_seeded_bytes_repeat() -> None:
    assert SeededRandom(7).bytes(40) == SeededRandom(7).bytes(40)
    assert SeededRandom(7).bytes(40) != SeededRandom(8).bytes(40)


def test_the_clock_is_aware_and_its_other_hand_never_steps_back() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() is not None
    assert clock.monotonic_s() <= clock.monotonic_s()


def test_secrets_compare_by_value_and_print_nothing() -> None:
    assert Secret("a") == Secret(b"a")
    assert Secret("a") != Secret("b")
    assert "a" not in str(Secret("a")).replace("Secret", "")


def test_the_systems_bytes_are_given_out_once() -> None:
    source = SystemRandom()
    found = [source.bytes(16) for _ in range(5_000)]
    assert len(set(found)) == 5_000
    assert {len(each) for each in found} == {16}
    assert len(source.bytes(10_000)) == 10_000


def test_a_forked_child_does_not_give_out_its_parents_bytes() -> None:
    source = SystemRandom()
    source.bytes(16)
    ends, told = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(target=lambda: told.send_bytes(source.bytes(16)))
    child.start()
    child.join(30)
    assert ends.recv_bytes() != source.bytes(16)
