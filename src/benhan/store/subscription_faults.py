"""What is wrong with a subscription or a topic that is written. Codes BA-2283, BA-3920 to BA-3924."""

from __future__ import annotations

from collections.abc import Sequence

from benhan.kernel.faults import Conflict, Fault, FaultCode, Forbidden, Incorrect
from benhan.kernel.issues import Issue
from benhan.kernel.texts import Text

WRONG_SUBSCRIPTION = FaultCode(
    "BA-2283",
    Incorrect,
    Text("Subscription có {count} chỗ sai: {first}", "The Subscription has {count} mistakes: {first}"),
)
WRONG_TOPIC = FaultCode(
    "BA-3920",
    Incorrect,
    Text("SubscriptionTopic có {count} chỗ sai: {first}", "The SubscriptionTopic has {count} mistakes: {first}"),
)
NOT_YOUR_TOPIC = FaultCode(
    "BA-3921",
    Forbidden,
    Text(
        "Chỉ người có quyền subscription:topic được ghi, sửa, xoá SubscriptionTopic. Hãy nhờ quản trị hệ thống.",
        "Only who holds subscription:topic may write, change or delete a SubscriptionTopic. Ask the administrator.",
    ),
)
URL_TAKEN = FaultCode(
    "BA-3922",
    Conflict,
    Text(
        "Đã có một SubscriptionTopic khác với url này. Sửa tài nguyên đó (Basic/{id}) hoặc chọn url khác.",
        "Another SubscriptionTopic has this url already. Change that one (Basic/{id}), or choose another url.",
    ),
)
UNKNOWN_TOPIC = FaultCode(
    "BA-3923",
    Incorrect,
    Text(
        "Không có SubscriptionTopic nào đang hiệu lực (active) với url (và phiên bản) ghi ở Subscription.criteria.",
        "No SubscriptionTopic in force (active) has the url (and version) that Subscription.criteria names.",
    ),
)
TOPIC_GONE = FaultCode(
    "BA-3924",
    Incorrect,
    Text(
        "SubscriptionTopic mà đăng ký dùng đã bị xoá hoặc không còn hiệu lực. Chọn chủ đề khác rồi đăng ký lại.",
        "The SubscriptionTopic of this subscription was deleted, or is no longer in force. Choose another and"
        " subscribe anew.",
    ),
)


def mistakes(code: FaultCode, issues: Sequence[Issue]) -> Fault:
    """The Fault of `code` (BA-2283, BA-3920) that names every issue, the first in its text."""
    first = issues[0]
    return code(*issues, count=len(issues), first=f"{first.place}: {first.text.en}")
