from __future__ import annotations

from pathlib import Path

import pytest

from benhan.kernel.faults import Incorrect
from benhan.kernel.secrets import Secret
from benhan.kernel.settings import load_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "benhan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_later_layer_wins(tmp_path: Path) -> None:
    file = write(tmp_path, 'http_port = 1\nfacility_name = "Chung"\n[node]\nhttp_port = 2\nmllp_port = 7\n')
    settings = load_settings(
        "node", file=file, environment={"BENHAN_MLLP_PORT": "8"}, flags={"data": "x", "database": None}
    )
    assert (settings.http_port, settings.mllp_port, settings.facility_name) == (2, 8, "Chung")
    assert settings.data == Path("x")
    assert settings.database == ""


def test_another_role_does_not_see_the_table_of_this_one(tmp_path: Path) -> None:
    file = write(tmp_path, "[node]\nhttp_port = 2\n")
    assert load_settings("repository", file=file, environment={}).http_port == 8080


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("htp_port = 1", "BA-0101"),
        ('http_port = "many"', "BA-0102"),
        ("http_port = true", "BA-0102"),
        ("demo = 3", "BA-0102"),
        ("http_port = ", "BA-0103"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(Incorrect) as caught:
        load_settings("node", file=write(tmp_path, text), environment={})
    assert caught.value.code == code


def test_a_missing_file_that_was_named_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Incorrect) as caught:
        load_settings("node", file=tmp_path / "none.toml", environment={})
    assert caught.value.code == "BA-0103"


def test_a_secret_does_not_print_and_does_not_pickle(tmp_path: Path) -> None:
    import pickle

    settings = load_settings("node", file=write(tmp_path, ""), environment={"BENHAN_REPOSITORY_TOKEN": "hush"})
    assert settings.repository_token == Secret("hush")
    assert "hush" not in repr(settings)
    with pytest.raises(TypeError):
        pickle.dumps(settings.repository_token)


def test_numbers_from_the_environment_are_read_as_numbers(tmp_path: Path) -> None:
    settings = load_settings(
        "node", file=write(tmp_path, ""), environment={"BENHAN_PAGE_LIFE_S": "1.5", "BENHAN_DEMO": "yes"}
    )
    assert settings.page_life_s == 1.5
    assert settings.demo is True
