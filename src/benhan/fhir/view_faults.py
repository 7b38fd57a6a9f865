"""What is wrong with a view, or with what it is run on. Codes BA-2360 to BA-2369."""

from __future__ import annotations

from benhan.kernel.faults import FaultCode, Incorrect
from benhan.kernel.texts import Text

BAD_VIEW = FaultCode(
    "BA-2360",
    Incorrect,
    Text(
        "ViewDefinition sai ở {place}: phải là {wanted}.",
        "The ViewDefinition is wrong at {place}: it must be {wanted}.",
    ),
)
BAD_VIEW_PATH = FaultCode(
    "BA-2361",
    Incorrect,
    Text("Biểu thức ở {place} sai: {reason}.", "The expression at {place} is wrong: {reason}."),
)
SAME_COLUMN = FaultCode("BA-2362", Incorrect, Text("Có hai cột tên {name}.", "Two columns are named {name}."))
OTHER_COLUMNS = FaultCode(
    "BA-2363",
    Incorrect,
    Text(
        "Các nhánh của unionAll ở {place} phải có cùng các cột, cùng thứ tự.",
        "The branches of unionAll at {place} must have the same columns in the same order.",
    ),
)
SEVERAL_VALUES = FaultCode(
    "BA-2364",
    Incorrect,
    Text(
        "Cột {name} cho nhiều giá trị ở một dòng. Đặt collection: true, hoặc thu hẹp path.",
        "The column {name} gives several values in a row. Set collection: true, or narrow its path.",
    ),
)
NOT_PRIMITIVE = FaultCode(
    "BA-2365",
    Incorrect,
    Text(
        "Cột {name} cho một giá trị không phải kiểu nguyên thuỷ.",
        "The column {name} gives a value that is no primitive.",
    ),
)
NOT_BOOLEAN = FaultCode(
    "BA-2366",
    Incorrect,
    Text("Điều kiện ở {place} không cho true hay false.", "The condition at {place} gives neither true nor false."),
)
TOO_MANY_ROWS = FaultCode(
    "BA-2367",
    Incorrect,
    Text(
        "Một tài nguyên cho hơn {limit} dòng. Thu hẹp view.",
        "A resource gives more than {limit} rows. Narrow the view.",
    ),
)
