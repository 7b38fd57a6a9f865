"""`benhan convert`: another hospital's `HoSoBenhAn` as a FHIR transaction, offline; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benhan.cli.common import err, language, out

EXIT_WRONG = 2


def convert(
    file: Annotated[Path, typer.Argument(help="Tệp HoSoBenhAn (.xml, .json)", exists=True, dir_okay=False)],
    target: Annotated[Path, typer.Argument(help="Tệp Bundle FHIR sẽ ghi (.json)", dir_okay=False)],
    facility: Annotated[
        str,
        typer.Option("--facility", help="Mã cơ sở đã lập hồ sơ: tệp không ghi (who wrote it: the file does not say)"),
    ],
    is_forced: Annotated[
        bool, typer.Option("--force", help="Ghi cả khi hồ sơ có lỗi (write in spite of faults)")
    ] = False,
) -> None:
    """Đổi HoSoBenhAn thành một giao dịch FHIR để gửi tới địa chỉ /fhir của nút. (A FHIR transaction to be posted.)

    Nêu mọi chỗ sai. Có lỗi thì không ghi, thoát với mã 2. Gửi lại cùng hồ sơ không nhân đôi dữ liệu.
    """
    from benhan.cli.checks import read_hoso
    from benhan.fhir.resource import to_bytes
    from benhan.mapping.hoso_benh_an_to_fhir import hoso_benh_an_to_fhir, transaction_of
    from benhan.mapping.mapped import Context

    document, issues = read_hoso(file)
    for issue in issues:
        mark = "✗" if issue.is_error else "!"
        text = issue.text.in_language(language())
        err.print(f"{mark} {issue.place}: {text}", highlight=False, markup=False, soft_wrap=True)
    if any(issue.is_error for issue in issues) and not is_forced:
        raise typer.Exit(EXIT_WRONG)
    made = hoso_benh_an_to_fhir(document, Context(facility))
    part = target.with_name(f"{target.name}.part")
    part.write_bytes(to_bytes(transaction_of(made)))
    part.replace(target)
    out.print(f"{target}: {len(made.message.resources)} tài nguyên (resources)", highlight=False)
