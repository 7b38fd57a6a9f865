"""The life of a record as a table: which act is possible in which state, who may do it, by which clause.

draft → active → closed (completing: submitted, returned) → archived → destroyed. The law knows one boundary only, under
treatment (Đ69 k3) and archived (Đ69 k4); the others are steps of the house. A mark of cancellation stands beside the
state: what was opened by mistake is kept, shows as cancelled, and takes no act but to be restored.
Source: Luật Khám bệnh, chữa bệnh 15/2023/QH15 Đ69, Đ7 k10; CV 365/TTYQG-GPQLCL III.1.1 c (view, create, edit, cancel,
restore are rights of their own).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from benhan.kernel.issues import error
from benhan.kernel.permissions import Permission
from benhan.kernel.texts import Text
from benhan.node.records.faults import IS_CANCELLED, IS_NOT_CANCELLED, NOT_NOW, REASON_MISSING


class State(Enum):
    """Where a record stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    CLOSED = "closed"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ARCHIVED = "archived"
    DESTROYED = "destroyed"

    @property
    def is_archived(self) -> bool:
        """On which side of the law's boundary it is: who may see it changes here and nowhere else."""
        return self in (State.ARCHIVED, State.DESTROYED)

    @property
    def is_written(self) -> bool:
        """Whether its papers are written on. Under review nothing moves, in the archive only additions come."""
        return self in _WRITTEN


PAPER_ACTS = (
    "open", "add", "attach", "save", "done", "amend", "cancel-paper", "restore-paper", "change-form",
    "sign", "refuse", "confirm", "part", "destroy",
)  # fmt: skip
"""What stands in the list of a record's acts besides `Act`."""

STATE_WORDS = {
    State.DRAFT: Text("mới mở", "opened"),
    State.ACTIVE: Text("đang điều trị", "under treatment"),
    State.CLOSED: Text("đã kết thúc, đang hoàn thiện", "closed, being completed"),
    State.SUBMITTED: Text("chờ phòng KHTH duyệt", "waiting for the records department"),
    State.RETURNED: Text("bị trả lại để bổ sung", "returned for completion"),
    State.ARCHIVED: Text("đã lưu trữ", "archived"),
    State.DESTROYED: Text("đã tiêu huỷ", "destroyed"),
}
_WRITTEN = frozenset((State.DRAFT, State.ACTIVE, State.CLOSED, State.RETURNED))


class Act(Enum):
    """What is done to a record as a whole."""

    START = "start"
    CLOSE = "close"
    REOPEN = "reopen"
    SUBMIT = "submit"
    RETURN = "return"
    ARCHIVE = "archive"
    CANCEL = "cancel"
    RESTORE = "restore"


ACT_WORDS = {
    Act.START: Text("bắt đầu điều trị", "start treatment"),
    Act.CLOSE: Text("kết thúc điều trị", "end the treatment"),
    Act.REOPEN: Text("mở lại", "open again"),
    Act.SUBMIT: Text("nộp cho phòng KHTH", "submit for review"),
    Act.RETURN: Text("trả lại khoa", "return to the department"),
    Act.ARCHIVE: Text("đưa vào lưu trữ", "archive"),
    Act.CANCEL: Text("huỷ hồ sơ", "cancel the record"),
    Act.RESTORE: Text("khôi phục hồ sơ", "restore the record"),
}


class Step(NamedTuple):
    """An act: from which states, to which (None: the state stays), with which right, and whether it needs a reason."""

    before: frozenset[State]
    after: State | None
    permission: Permission
    needs_reason: bool = False


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


STEPS: dict[Act, Step] = {
    Act.START: Step(_from(State.DRAFT), State.ACTIVE, Permission.RECORD_EDIT),
    Act.CLOSE: Step(_from(State.ACTIVE), State.CLOSED, Permission.RECORD_CLOSE),
    Act.REOPEN: Step(_from(State.CLOSED, State.RETURNED), State.ACTIVE, Permission.RECORD_CLOSE, needs_reason=True),
    Act.SUBMIT: Step(_from(State.CLOSED, State.RETURNED), State.SUBMITTED, Permission.RECORD_CLOSE),
    Act.RETURN: Step(_from(State.SUBMITTED), State.RETURNED, Permission.RECORD_ARCHIVE, needs_reason=True),
    Act.ARCHIVE: Step(_from(State.SUBMITTED), State.ARCHIVED, Permission.RECORD_ARCHIVE),
    Act.CANCEL: Step(_WRITTEN, None, Permission.RECORD_CANCEL, needs_reason=True),
    Act.RESTORE: Step(_WRITTEN, None, Permission.RECORD_RESTORE, needs_reason=True),
}


def step_for(act: Act, state: State, *, is_cancelled: bool, reason: str) -> Step:
    """The step of an act on a record in this state.

    Raises Conflict BA-5201 where it is not possible now, BA-5202 on a cancelled record, BA-5203 where what is not
    cancelled shall be restored; Incorrect BA-5204 where the reason is missing.
    """
    step = STEPS[act]
    if is_cancelled and act is not Act.RESTORE:
        raise IS_CANCELLED()
    if act is Act.RESTORE and not is_cancelled:
        raise IS_NOT_CANCELLED()
    if state not in step.before:
        raise NOT_NOW(error("business-rule", ACT_WORDS[act].vi, STATE_WORDS[state]))
    if step.needs_reason and not reason.strip():
        raise REASON_MISSING()
    return step


def possible(state: State, *, is_cancelled: bool) -> list[Act]:
    """The acts that this state allows, whoever asks."""
    if is_cancelled:
        return [Act.RESTORE] if state in STEPS[Act.RESTORE].before else []
    return [act for act, step in STEPS.items() if state in step.before and act is not Act.RESTORE]
