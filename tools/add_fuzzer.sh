#!/bin/sh
# The fuzzer of `make test-all`, at the version of uv.lock; where this machine gets no wheel of it, its tests skip and say so.
set -eu
cd "$(dirname "$0")/.."
if .venv/bin/python -c "import atheris" 2>/dev/null; then exit 0; fi
export UV_PYTHON_DOWNLOADS=never
uv=$(command -v uv || echo .tools/uv/bin/uv)
echo "Đang cài bộ thử ngẫu nhiên (installing the fuzzer)"
"$uv" sync --frozen --quiet --python python3 --group fuzz || echo "Không cài được atheris (no atheris here)" >&2
