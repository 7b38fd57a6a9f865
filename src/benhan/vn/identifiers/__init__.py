"""The numbers that persons, papers and facilities of Vietnam carry: read, checked, explained; and their history.

One module for each kind, all of one shape (`kind.py`); `registry.py` lists them. Checks never repeat the value that
they find fault with. Source: QĐ 130/QĐ-BYT and its amendments; NĐ 102/2025/NĐ-CP Đ6; each module names its own.
"""
