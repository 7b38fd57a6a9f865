#!/bin/sh
# HL7's own example resources (npm hl7.fhir.r4.examples 4.0.1, CC0, 190 MB) for the tests that read all of them. Where
# they cannot be brought, those tests skip. A copy elsewhere is named by BENHAN_FHIR_EXAMPLES.
set -u
cd "$(dirname "$0")/.."
[ -z "${BENHAN_FHIR_EXAMPLES:-}" ] || exit 0
[ ! -f node_modules/hl7.fhir.r4.examples/package.json ] || exit 0
echo "Đang lấy các tài nguyên mẫu của HL7 từ npm (bringing HL7's example resources from npm)"
PYTHONPATH=tools .venv/bin/python - <<'END' >/dev/null 2>&1 ||
import subprocess
import sys

from build_web import npm

quiet = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
sys.exit(subprocess.run([*npm(), "install", *quiet, "hl7.fhir.r4.examples@4.0.1"], check=False).returncode)
END
    echo "  không lấy được (could not be brought); các phép thử cần chúng sẽ được bỏ qua (their tests will skip)"
exit 0
