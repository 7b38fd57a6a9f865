"""Vietnamese text as systems wrote it before Unicode: TCVN3 (ABC), VNI, VIQR, Windows-1258; read, written, detected.

All comes out as Unicode in NFC. What a table has no letter for is counted, and a guess says how sure it is.
"""
