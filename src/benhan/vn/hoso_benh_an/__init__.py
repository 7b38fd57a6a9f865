"""`HoSoBenhAn`: the exchange document of CV 365/TTYQG-GPQLCL (06/06/2025), eleven groups, XML or JSON."""
