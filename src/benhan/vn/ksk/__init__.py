"""The health check-up file (khám sức khoẻ). Source: QĐ 1551/QĐ-BYT 2026 PL01, QĐ 2062/QĐ-BYT 2026."""
