"""Whether two records are of one person: pure, over columns of numbers, so that one and ten million go the same way.

A record is told (`traits`), made a row of a table (`faces`), found by keys (`keys`, `postings`), held against others
field by field (`levels`), weighed (`weights`, estimated by `estimate`), and judged (`judging`).
Source: I. P. Fellegi, A. B. Sunter, "A Theory for Record Linkage", JASA 64 (1969).
"""
