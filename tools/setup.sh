#!/bin/sh
# Everything the program and its tests need from PyPI and npm: leaves .venv and the built web assets. No root needed.
set -eu
cd "$(dirname "$0")/.."
fingerprint=$(cat uv.lock pyproject.toml package-lock.json tools/setup.sh tools/build_web.py 2>/dev/null | sha256sum | cut -d' ' -f1)
stamp=.venv/.set-up
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$fingerprint" ]; then exit 0; fi

export UV_PYTHON_DOWNLOADS=never
uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    uv=.tools/uv/bin/uv
    if [ ! -x "$uv" ]; then
        echo "Chuẩn bị lần đầu: đang lấy uv từ PyPI (first set-up: bringing uv from PyPI)"
        python3 tools/get_uv.py
    fi
fi
echo "Đang cài các gói Python theo uv.lock (installing the locked Python packages)"
"$uv" sync --frozen --quiet --compile-bytecode --python python3
echo "Đang dựng tài nguyên trang web từ npm (building the web assets from npm)"
.venv/bin/python tools/build_web.py
printf '%s' "$fingerprint" > "$stamp"
