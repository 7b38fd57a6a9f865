#!/bin/sh
# HL7's International Patient Summary (npm hl7.fhir.uv.ips 2.0.0, CC0) for its conformance tests: the package alone, without
# what it depends on, held against the digest below. Where it cannot be brought, those tests skip. A copy elsewhere is
# named by BENHAN_IPS_PACKAGE.
set -u
cd "$(dirname "$0")/.."
[ -z "${BENHAN_IPS_PACKAGE:-}" ] || exit 0
[ ! -f .tools/packages/hl7.fhir.uv.ips-2.0.0.tgz ] || exit 0
echo "Đang lấy gói IPS của HL7 từ npm (bringing HL7's package IPS from npm)"
PYTHONPATH=tools .venv/bin/python - <<'END' 2>/dev/null ||
import base64
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from build_web import npm

SHA512 = "4PWToJ9b1FgXsm9DIvHiU6HO9Z5m75jxk0e0MXOmhFlf2m2slk/d6RoiSYIChKJlvmtJ7GbRftt7PphlwmZcbQ=="
folder = Path(".tools/packages")
folder.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory(dir=folder) as brought:
    command = [*npm(), "pack", "--silent", "--pack-destination", brought, "hl7.fhir.uv.ips@2.0.0"]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        sys.exit(1)
    file = Path(brought) / "hl7.fhir.uv.ips-2.0.0.tgz"
    if base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode() != SHA512:
        print("  gói không đúng như đã ghi (the package is not the one that is written down)")
        sys.exit(1)
    file.replace(folder / file.name)
END
    echo "  không lấy được (could not be brought); các phép thử cần nó sẽ được bỏ qua (its tests will skip)"
exit 0
