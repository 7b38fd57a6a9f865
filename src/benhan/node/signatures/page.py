"""What is signed of a paper: its form as PDF/A-3b with its data inside, the same bytes each time that it is made.

The attached FHIR JSON is the stored version, byte for byte; beside it the answers by the fields of the form. Source:
ISO 19005-3; CV 365 III.1.1 a, k; Luật Giao dịch điện tử 2023 Đ10 k1 (the whole content is under the signature).
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

from benhan.node.printing import Attachment, papers_to_pdf
from benhan.vn.forms.form import Form
from benhan.vn.forms.typeset import Answers

FHIR_NAME = "to.fhir.json"
ANSWERS_NAME = "cau-tra-loi.json"


def page_to_sign(form: Form, answers: Answers, content: bytes, saved_at: datetime) -> bytes:
    """The PDF of a version of a paper that was saved at an instant. Raises as `papers_to_pdf`."""
    told = {"form": form.key, "answers": answers}
    by_field = json.dumps(told, ensure_ascii=False, sort_keys=True, default=_plain).encode()
    attachments = (
        Attachment(FHIR_NAME, content, "application/fhir+json", "Dữ liệu FHIR của tờ này, đúng như đã lưu"),
        Attachment(ANSWERS_NAME, by_field, "application/json", "Câu trả lời theo từng ô của biểu mẫu"),
    )
    return papers_to_pdf([(form, answers)], saved_at, attachments=attachments)


def _plain(value: object) -> str:
    """A number as it was written: `37.50` stays `37.50`."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)
