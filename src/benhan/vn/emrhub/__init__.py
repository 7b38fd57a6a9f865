"""The message of the Ministry's hub (Trục dữ liệu Bộ Y tế). Source: QĐ 1551/QĐ-BYT 2026 PL02, QĐ 2062/QĐ-BYT 2026."""
