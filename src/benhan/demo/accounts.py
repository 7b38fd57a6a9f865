"""The accounts of the demonstration; they exist only where `demo` is set."""

from __future__ import annotations

from dataclasses import dataclass

from benhan.kernel.actors import Role


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account with its obvious password; `site` says at which door it is."""

    site: str
    login: str
    password: str
    name: str
    role: Role
    is_officer: bool = False
    """Whether it judges emergency accesses."""


PASSWORD = "trinh-dien"  # noqa: S105  # obvious on purpose: only synthetic data is behind it

ACCOUNTS = (
    DemoAccount("node", "bacsi", PASSWORD, "BS. Lê Thị Minh Châu", Role.DOCTOR),
    DemoAccount("node", "truongkhoa", PASSWORD, "TK. Hoàng Đức Anh", Role.DOCTOR),
    DemoAccount("node", "dieuduong", PASSWORD, "ĐD. Phạm Văn Hải", Role.NURSE),
    DemoAccount("node", "khth", PASSWORD, "Phòng KHTH", Role.RECORDS, is_officer=True),
    DemoAccount("node", "xetnghiem", PASSWORD, "KTV. Trần Quốc Bảo", Role.LAB),
    DemoAccount("node", "cntt", PASSWORD, "Phòng CNTT", Role.IT_ADMIN),
    DemoAccount("book", "nguoidan", PASSWORD, "Người dân 1", Role.CITIZEN),
    DemoAccount("portal", "benhvien", PASSWORD, "Phòng CNTT Sông Hồng", Role.FACILITY),
    DemoAccount("portal", "boyte", PASSWORD, "Cán bộ quản lý", Role.AUTHORITY),
    DemoAccount("book", "nguoidan2", PASSWORD, "Người dân 2", Role.CITIZEN),
)


def shown_accounts(site: str) -> tuple[tuple[str, str, str], ...]:
    """Login, password and role of each account of a door."""
    return tuple((each.login, each.password, each.role.value) for each in ACCOUNTS if each.site == site)
