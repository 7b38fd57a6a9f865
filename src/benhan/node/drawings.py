"""The printed outlines of places to draw on, each as a picture of its own: the same drawing that the print has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from benhan.vn.forms import typeset

_LIBRARY = Path(typeset.__file__).with_name("form.typ")
DRAWINGS = ("giac_mac", "goc", "van_nhan", "truc", "mat_phai", "mat_trai", "day_mat_phai", "day_mat_trai")
HEIGHT_MM = 60


@cache
def drawing_svg(name: str) -> bytes:
    """An outline (one of DRAWINGS) as SVG."""
    import typst

    assert name in DRAWINGS, name
    source = f"""
    #import "form.typ": drawings
    #set page(width: auto, height: auto, margin: 2mm, fill: none)
    #(drawings.{name})({HEIGHT_MM}mm)
    """
    files: Any = {"main.typ": source.encode(), "form.typ": _LIBRARY.read_bytes()}  # as in printing: the stub knows one
    made = typst.compile(files, format="svg")
    assert isinstance(made, bytes), "one page is one picture"
    return made
