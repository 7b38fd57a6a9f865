"""Why a subscription does not work."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Forbidden, Incorrect, NotFound
from benhan.kernel.texts import Text

OWNER_MAY_NOT = FaultCode(
    "BA-2284",
    Forbidden,
    Text(
        "Người đăng ký không còn (hoặc chưa từng có) quyền đọc và tìm kiếm loại này.",
        "The subscriber may no longer (or never could) read and search this type.",
    ),
)
NOT_FOLLOWED = FaultCode(
    "BA-2285",
    NotFound,
    Text(
        "Đăng ký này chưa được xử lý hoặc đã kết thúc. Hỏi lại sau ít giây.",
        "This subscription is not taken up yet, or is over. Ask again in a few seconds.",
    ),
)
NOT_A_WEBSOCKET = FaultCode(
    "BA-2286",
    Incorrect,
    Text("Đăng ký này không dùng kênh websocket.", "This subscription does not use the channel websocket."),
)
EVENTS_GONE = FaultCode(
    "BA-2287",
    NotFound,
    Text(
        "Các sự kiện trước số {first} không còn được giữ. Tìm lại dữ liệu rồi hỏi tiếp từ số đó.",
        "Events before number {first} are no longer kept. Search for the data, then go on from that number.",
    ),
)
HIDDEN_HEADER = FaultCode(
    "BA-3110",
    Incorrect,
    Text(
        "Giá trị tiêu đề của kênh đã được che (***) khi đọc. Gửi lại cả tiêu đề thật, hoặc bỏ channel.header.",
        "The value of a header of the channel was hidden (***) when it was read. Send the whole header again, or leave"
        " channel.header out.",
    ),
)
HEADERS_NOT_PATCHED = FaultCode(
    "BA-3111",
    Incorrect,
    Text(
        "Subscription có channel.header không vá được. Gửi lại toàn bộ bằng PUT, cùng các tiêu đề.",
        "A Subscription with channel.header is not patched. Send all of it by PUT, with its headers.",
    ),
)
FILTER_OF_DELETIONS = FaultCode(
    "BA-3112",
    Incorrect,
    Text(
        "Bộ lọc của đăng ký theo dõi xoá không được dùng chuỗi tham chiếu, _has, _list hay tập giá trị.",
        "The filters of a subscription to deletions must not use chains, _has, _list or value sets.",
    ),
)
FILTER_BEYOND_ONE = FaultCode(
    "BA-3925",
    Incorrect,
    Text(
        "Bộ lọc của đăng ký theo một SubscriptionTopic không được dùng chuỗi tham chiếu, _has, _list hay tập giá trị.",
        "The filters of a subscription to a SubscriptionTopic must not use chains, _has, _list or value sets.",
    ),
)
