"""Forms as data: what a page in a file says, what is refused, which form is in force. Source: TT 32/2023/TT-BYT."""

from __future__ import annotations

import contextlib
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Fault, Incorrect, NotFound
from benhan.vn.forms.catalogue import Catalogue, named_forms
from benhan.vn.forms.form import Blank, Form, Grid, Kind, Line, Option, Picture, Table, Words
from benhan.vn.forms.inline import Measure, Wrong, parse_inline
from benhan.vn.forms.load import read_form
from benhan.vn.forms.page import Page, Written, parse_page

HEAD = """
number = "99/X"
name = "Mẫu thử"
title = "MẪU THỬ"
decision = "Quyết định thử"
effective_from = 2024-01-01
"""
MEASURES = {"mach": Measure("/min", 0, 350, "8867-4")}


def page(text: str) -> Page:
    return parse_page([Written(f"dòng {n}", line.strip()) for n, line in enumerate(text.splitlines())], MEASURES)


def form(tmp_path: Path, body: str, more: str = "", head: str = HEAD) -> Form:
    path = tmp_path / "form.toml"
    path.write_text(f"{head}\nbody = '''\n{body}\n'''\n{more}", encoding="utf-8")
    return read_form(path)


def mistakes(tmp_path: Path, body: str, more: str = "") -> list[str]:
    with pytest.raises(Incorrect) as caught:
        form(tmp_path, body, more)
    assert caught.value.code == "BA-3350"
    return [f"{issue.place}: {issue.text.vi}" for issue in caught.value.issues]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


class TestPage:
    def test_a_field_is_named_by_the_words_before_it(self) -> None:
        fields = page("1. Họ và tên *(In hoa)*: {ho_ten}  Tuổi: {tuoi:number 0..130 a}").fields
        assert [each.label for each in fields.values()] == ["1. Họ và tên (In hoa)", "Tuổi"]

    def test_words_behind_a_number_do_not_name_the_next_field(self) -> None:
        fields = page("Cao: {cao:number 0..250 cm} cm,  vòng bụng: {bung:number 0..250 cm} cm").fields
        assert fields["bung"].label == "vòng bụng"

    def test_a_field_without_words_is_named_by_the_line_above(self) -> None:
        assert page("*1.* **Quá trình bệnh lý:**\n{benh_su:lines 6}").fields["benh_su"].label == "1. Quá trình bệnh lý"

    def test_a_code_box_is_named_after_what_it_codes(self) -> None:
        assert page("+ Bệnh chính: {benh} {ma:codes 4}").fields["ma"].label == "Mã: Bệnh chính"

    def test_a_code_in_a_frame_is_as_long_as_it_needs(self) -> None:
        code = page("- Bệnh chính {benh} | {ma:code}").fields["ma"]
        assert (code.kind, code.label, code.digits) == (Kind.CODE, "Mã: Bệnh chính", 0)

    def test_headings_are_the_section_of_what_follows(self) -> None:
        fields = page("# A- BỆNH ÁN\n## II. Hỏi bệnh:\n{a}\n### 2. Tiền sử:\n{b}\n## III. Khám\n{c}").fields
        assert [each.section for each in fields.values()] == [
            ("A- BỆNH ÁN", "II. Hỏi bệnh"),
            ("A- BỆNH ÁN", "II. Hỏi bệnh", "2. Tiền sử"),
            ("A- BỆNH ÁN", "III. Khám"),
        ]

    def test_options_carry_the_printed_code_or_their_folded_words(self) -> None:
        fields = page("A: {a:one 1. Cấp cứu □; 2.KKB □}\nB: {b:many Bình thường □; co=Có bệnh □}").fields
        assert fields["a"].options == (Option("1", "1. Cấp cứu"), Option("2", "2.KKB"))
        assert fields["b"].options == (Option("binh_thuong", "Bình thường"), Option("co", "Có bệnh"))

    def test_options_go_on_in_other_cells_and_stand_in_order(self) -> None:
        fields = page("Kết quả\n{kq:one 1. Khỏi □} | {kq:+ 4. Nặng □}\n{kq:+ 2. Đỡ □}").fields
        assert [option.code for option in fields["kq"].options] == ["1", "2", "4"]

    def test_a_measure_brings_unit_bounds_and_code(self) -> None:
        field = page("Mạch {me_mach:measure mach} lần/ph").fields["me_mach"]
        assert (field.unit, field.low, field.high, field.source.loinc) == ("/min", 0, 350, "8867-4")

    def test_boxes_are_bounds_unless_the_form_says_more(self) -> None:
        found = page("Số ngày {so_ngay:digits 2} Tuổi {tuoi:digits 2 0..130}").fields
        assert (found["so_ngay"].high, found["tuoi"].high) == (99, 130)

    def test_an_option_may_say_more_than(self) -> None:
        found = page("Tân mạch {tan_mach:one it=< 1/2 □; nhieu=> 1/2 □} Lưỡi {luoi:many 1. Đỏ; 2. Tím > 2}").fields
        assert found["tan_mach"].options == (Option("it", "< 1/2"), Option("nhieu", "> 1/2"))
        assert [option.code for option in found["luoi"].options] == ["1", "2"]

    def test_a_grid_holds_cells_and_rows(self) -> None:
        (grid,) = page(".grid 50 25 25 outer\na\nb\n.cell 2\n{c}\n| x | {y} | ~ |\n.end").blocks
        assert isinstance(grid, Grid)
        assert grid.frame == "outer"
        assert [(len(cell.blocks), cell.columns) for cell in grid.cells] == [(2, 1), (1, 2), (1, 1), (1, 1), (0, 1)]

    def test_an_empty_cell_stays_in_its_place(self) -> None:
        (grid,) = page(".grid 50 50\n.cell\n.cell\nA: {x}\n.end").blocks
        assert isinstance(grid, Grid)
        assert [len(cell.blocks) for cell in grid.cells] == [0, 1]

    def test_a_table_is_one_field_with_columns(self) -> None:
        found = page('Phim\n.table phim labels="X - quang; CT"\n| Loại | Số tờ {so:number 0..9 1} |\n.end')
        table = found.fields["phim"]
        assert table.kind is Kind.TABLE
        assert [(column.id, column.label) for column in table.columns] == [("so", "Số tờ")]
        assert table.row_labels == ("X - quang", "CT")
        assert isinstance(found.blocks[1], Table)

    def test_a_picture_is_a_place_to_draw(self) -> None:
        found = page("Hình vẽ tổn thương\n.picture hinh height=60 drawing=mat")
        assert found.blocks[1] == Picture("hinh", 60, "mat")
        assert found.fields["hinh"].kind is Kind.PICTURE

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("{Sai}", "không hiểu"),
            ("A {a:number cm}", "khoảng"),
            ("A {a:measure khong_co}", "đại lượng"),
            ("A {a:one Có □; Không}", "mỗi lựa chọn"),
            ("A {a:one Có; Không}", "mỗi lựa chọn"),
            ("A {a:date dd/mm}", "ngày giờ"),
            ("A {a:+ 1. x □}", "chỉ nối thêm"),
            ("{a}", "label"),
            ("A {a}  B {a}", "hai lần"),
            (".khong_co", "không có lệnh"),
            ("**A {a}", "dấu *"),
            (".grid 50\nA {a}", "thiếu .end"),
            (".grid 50 50\nA {a}\n.cell 2\nB {b}\n.end", "không vừa hàng"),
            (".grid 0 50\nA {a}\n.end", "phải là số"),
            (".grid 50\n.page\n.end", "trong khung"),
            (".space 1000", "phải là số"),
            ("A {a:codes 0+999}", "không hiểu"),
            ("A {a:many x; y > nhiều}", "> số ô mã"),
            (".table b\n| A {a} |", "thiếu .end"),
        ],
    )
    def test_what_cannot_be_read_is_told_with_its_place(self, line: str, says: str) -> None:
        assert any(says in mistake.reason and mistake.place.startswith("dòng") for mistake in page(line).mistakes)

    @given(st.text(alphabet="ab {}:|*□;>.1#~\n", max_size=60))
    def test_no_text_is_a_traceback(self, text: str) -> None:
        assert isinstance(page(text), Page)

    @given(st.text(alphabet="ab {}:*□;>.1+", max_size=40))
    def test_a_line_without_its_marks_says_the_same_words(self, text: str) -> None:
        with contextlib.suppress(Wrong):
            parts = parse_inline(text, MEASURES)
            words = "".join(part.text for part in parts if isinstance(part, Words))
            assert words == re.sub(r"\{[^{}]*\}|\*", "", text)


class TestFile:
    def test_numbers_count_on_through_shared_parts(self, tmp_path: Path) -> None:
        fields = form(tmp_path, "{#}. A: {a}\n.include quan_ly\n{#}. Cuối: {z}").fields
        assert fields["a"].label == "1. A"
        assert fields["vao_vien_luc"].label == "2. Vào viện"
        assert fields["z"].label == "10. Cuối"

    def test_a_slot_is_replaced_or_left_out(self, tmp_path: Path) -> None:
        more = "[slots]\ngioi = ''\ndoi_tuong = '{#}. Nghề của bố: {nghe_bo}'"
        fields = form(tmp_path, ".include hanh_chinh", more).fields
        assert "gioi_tinh" not in fields
        assert fields["nghe_bo"].label == "6. Nghề của bố"

    def test_a_part_may_be_used_for_both_eyes(self, tmp_path: Path) -> None:
        body = ".grid 50 50\n.include mat prefix=mp_\n.cell\n.include mat prefix=mt_\n.end"
        fields = form(tmp_path, body, "[parts]\nmat = 'Thị lực: {thi_luc:number 0..20 1}'").fields
        assert list(fields) == ["mp_thi_luc", "mt_thi_luc"]

    def test_a_part_with_a_prefix_does_not_feed_the_columns_of_the_patient(self, tmp_path: Path) -> None:
        fields = form(tmp_path, ".include sinh_hieu\n.include sinh_hieu prefix=sau_").fields
        assert fields["mach"].source.cv365 == "ThongTinVaoVien.mach"
        assert fields["sau_mach"].source.cv365 == ""
        assert fields["sau_mach"].source.loinc == "8867-4"

    def test_known_fields_bring_what_they_feed(self, tmp_path: Path) -> None:
        field = form(tmp_path, "+ Tuần hoàn: {tuan_hoan:lines 2}").fields["tuan_hoan"]
        assert field.source.cv365 == "ThongTinVaoVien.khambenh_caccoquan.tuanhoan"

    @pytest.mark.parametrize(
        ("told", "says"),
        [
            ('cv365 = "ThongTinBenhNhan.khongco"', "HoSoBenhAn không có"),
            ('cv365 = "ThongTinVaoVien.khambenh_caccoquan.mat"', "HoSoBenhAn không có"),
            ('bhyt = "XML1.KHONG_CO"', "bảng BHYT không có"),
            ('fhir = "Patient.nickname"', "FHIR R4 không có"),
            ('fhir = "Person9.name"', "FHIR R4 không có"),
            ('list = "khong-co"', "danh mục"),
            ('code_of = "b"', "không có trường b"),
            ('diagnosis = "guess"', "loại chẩn đoán"),
            ('khong_co = "x"', "khong_co"),
        ],
    )
    def test_a_place_that_does_not_exist_is_refused(self, tmp_path: Path, told: str, says: str) -> None:
        assert any(says in each for each in mistakes(tmp_path, "A: {a}", f"[fields]\na = {{ {told} }}"))

    @pytest.mark.parametrize(
        ("body", "more", "says"),
        [
            ("A: {a:number 5..1 cm}", "", "từ nhỏ đến lớn"),
            ("A: {a:number 1..5 xyz}", "", "UCUM"),
            ("A: {a:one x=1 □; x=2 □}", "", "cùng mã x"),
            ("Bảng\n.table b\n| A {x} | B {x} |\n.end", "", "hai cột cùng mã"),
            (".include khong_co", "", "không có phần chung"),
            ("A: {a}", "[slots]\nkhong_co = ''", "không phần chung nào"),
            ("Mổ\n.table b\n| A {x} |\n.end", '[fields]\nb = { fhir = "Procedure" }', "Procedure.code"),
            ("A: {a}", "[fields]\nb = { label = 'B' }", "không có trường này"),
            ("A: {a}", "[parts]\nx = '.include x'\n", None),
            (".include x", "[parts]\nx = '.include x'\n", "gọi vòng"),
            ("A: {a}", "[la]\nx = 1", "la"),
        ],
    )
    def test_what_a_file_cannot_say_is_refused(self, tmp_path: Path, body: str, more: str, says: str | None) -> None:
        if says is None:
            assert list(form(tmp_path, body, more).fields) == ["a"]
        else:
            assert any(says in each for each in mistakes(tmp_path, body, more))

    def test_all_mistakes_are_told_at_once(self, tmp_path: Path) -> None:
        assert len(mistakes(tmp_path, "A: {a:number 1..5 xyz}\nB: {b:khong}\n.lenh")) == 3

    def test_a_file_that_is_no_toml_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "x.toml"
        path.write_text("number = ", encoding="utf-8")
        with pytest.raises(Incorrect, match="BA-3350"):
            read_form(path)


class TestHospital:
    OWN = """
extends = "01/BV-01"
variant = "79024"
effective_from = 2026-12-01
lists = { "nhom-benh" = "Nhóm bệnh" }
[[add]]
after = "tien_luong"
lines = '''
Nguy cơ té ngã: {nguy_co:one thap=Thấp □; cao=Cao □}
Nhóm: {nhom:codes 3}
'''
[fields]
nguy_co = { required_at_close = true }
nhom = { list = "nhom-benh" }
"""

    def test_a_hospital_adds_fields_to_an_official_form(self, tmp_path: Path) -> None:
        (tmp_path / "own.toml").write_text(self.OWN, encoding="utf-8")
        own = Catalogue([tmp_path]).on("01/BV-01", date(2026, 12, 5), variant="79024")
        ids = list(own.fields)
        assert ids.index("nguy_co") == ids.index("tien_luong") + 1
        assert own.fields["nguy_co"].source.required_at_close
        assert own.key == "01/BV-01@2026-12-01+79024"

    def test_records_before_it_and_other_houses_keep_the_official_one(self, tmp_path: Path) -> None:
        (tmp_path / "own.toml").write_text(self.OWN, encoding="utf-8")
        both = Catalogue([tmp_path])
        assert both.on("01/BV-01", date(2026, 11, 30), variant="79024").variant == ""
        assert both.on("01/BV-01", date(2026, 12, 5)).variant == ""

    def test_a_line_cannot_be_added_behind_a_field_that_is_not_there(self, tmp_path: Path) -> None:
        (tmp_path / "own.toml").write_text(self.OWN.replace("tien_luong", "khong_co"), encoding="utf-8")
        with pytest.raises(Incorrect, match="BA-3350"):
            Catalogue([tmp_path]).on("01/BV-01", date(2026, 12, 5), variant="79024")

    def test_a_changed_form_leaves_old_records_on_the_old_one(self, tmp_path: Path) -> None:
        (tmp_path / "old.toml").write_text(f"{HEAD}effective_to = 2025-06-30\nbody = 'A: {{a}}'", encoding="utf-8")
        new = HEAD.replace("2024-01-01", "2025-07-01")
        (tmp_path / "new.toml").write_text(f"{new}\nbody = 'B: {{b}}'", encoding="utf-8")
        both = Catalogue([tmp_path])
        assert list(both.on("99/X", date(2025, 6, 30)).fields) == ["a"]
        assert list(both.on("99/X", date(2025, 7, 1)).fields) == ["b"]
        assert list(both.by_key("99/X@2024-01-01").fields) == ["a"]

    def test_two_files_cannot_be_the_same_form(self, tmp_path: Path) -> None:
        for name in ("one.toml", "two.toml"):
            (tmp_path / name).write_text(f"{HEAD}\nbody = 'A: {{a}}'", encoding="utf-8")
        with pytest.raises(Incorrect, match="BA-3352"):
            Catalogue([tmp_path])

    @pytest.mark.parametrize("text", ["number = ", 'number = "1"\neffective_from = "hôm nay"', "số = 1"])
    def test_a_folder_with_a_broken_file_is_told(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "own.toml").write_text(text, encoding="utf-8")
        with pytest.raises(Incorrect, match="BA-3350"):
            Catalogue([tmp_path])

    def test_a_form_may_extend_one_version_by_its_key(self, tmp_path: Path) -> None:
        own = self.OWN.replace('"01/BV-01"', '"01/BV-01@2024-01-01"')
        (tmp_path / "own.toml").write_text(own, encoding="utf-8")
        assert "nguy_co" in Catalogue([tmp_path]).by_key("01/BV-01@2026-12-01+79024").fields

    def test_a_form_of_its_own_stands_beside_the_official_ones(self, tmp_path: Path) -> None:
        (tmp_path / "own.toml").write_text(f"{HEAD}\nbody = 'A: {{a}}'", encoding="utf-8")
        assert Catalogue([tmp_path]).on("99/X", date(2025, 1, 1)).name == "Mẫu thử"


class TestCatalogue:
    def test_the_law_names_29_records(self) -> None:
        records = [each for each in named_forms() if each.number.endswith("/BV-01")]
        assert [each.number for each in records] == [f"{n:02}/BV-01" for n in range(1, 30)]

    def test_a_replaced_slip_ends_where_the_new_one_begins(self) -> None:
        ends = {each.number: each.effective_to for each in named_forms()}
        begins = {each.number: each.effective_from for each in named_forms()}
        assert ends["52/BV-02"] == date(2025, 6, 30)
        assert begins["03/TT25"] == date(2025, 7, 1)

    def test_every_transcribed_form_reads_without_a_mistake(self, catalogue: Catalogue) -> None:
        names = {each.number: each for each in named_forms()}
        for each in catalogue.forms():
            assert each.number in names
            assert each.decision == names[each.number].decision
            assert each.effective_from == names[each.number].effective_from
            assert catalogue.by_key(each.key) is each

    def test_a_form_is_not_in_force_before_its_day(self, catalogue: Catalogue) -> None:
        assert catalogue.on("01/BV-01", date(2024, 1, 1)).name == "Bệnh án nội khoa"
        with pytest.raises(NotFound, match="BA-3351"):
            catalogue.on("01/BV-01", date(2023, 12, 31))
        with pytest.raises(Fault, match="BA-3351"):
            catalogue.by_key("01/BV-01@1999-01-01")


class TestModel:
    """01 nội khoa, counted on the official pages."""

    def test_every_numbered_item_of_the_cover_is_there_in_order(self, catalogue: Catalogue) -> None:
        labels = [field.label for field in catalogue.on("01/BV-01", date(2026, 1, 1)).fields.values()]
        numbered = [label.split(".")[0] for label in labels if label.split(".")[0].isdigit()]
        cover = list(dict.fromkeys(numbered[: numbered.index("29") + 1]))
        assert [int(n) for n in cover] == [n for n in range(1, 30) if n not in (16, 23, 25)]
        moved = catalogue.on("01/BV-01", date(2026, 1, 1)).fields["chuyen_khoa"]
        assert moved.row_labels == ("16. Chuyển", "Khoa", "")

    def test_it_has_the_boxes_of_the_official_page(self, catalogue: Catalogue) -> None:
        fields = catalogue.on("01/BV-01", date(2026, 1, 1)).fields.values()
        assert sum(len(field.options) for field in fields) == 2 + 4 + 3 + 3 + 3 + 4 + 5 + 3 + 3 + 2
        assert sum(field.kind is Kind.TICK for field in fields) == 4 + 1 + 6
        icd = [field for field in fields if field.source.list == "icd10"]
        assert [field.digits for field in icd] == [4] * 7

    def test_lines_are_as_many_as_printed(self, catalogue: Catalogue) -> None:
        form = catalogue.on("01/BV-01", date(2026, 1, 1))
        lines = {
            piece.field: piece.lines
            for block in form.body
            if isinstance(block, Line)
            for cell in block.cells
            for piece in cell
            if isinstance(piece, Blank)
        }
        assert (lines["qua_trinh_benh_ly"], lines["tuan_hoan"], lines["tom_tat_benh_an"]) == (6, 5, 6)
