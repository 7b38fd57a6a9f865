"""The record forms as data: 29 bệnh án and the slips. Source: TT 32/2023/TT-BYT, annexes XXVIII and XXIX; TT 25/2025.

A form is a text file that reads like the printed page (docs/guides/forms.md); this package reads and checks it, picks
the one in force on a day, checks answers against it, and lays both out for print.
"""
