#!/bin/sh
# What the tests use from Debian: PostgreSQL 15, SoftHSM2, Chromium. Where they may not be installed the tests that
# need them skip, and the last lines of the test run say which.
set -u
missing=""
[ -x /usr/lib/postgresql/15/bin/postgres ] || missing="$missing postgresql-15"
[ -f /usr/lib/softhsm/libsofthsm2.so ] || missing="$missing softhsm2"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
if [ "$(id -u)" -eq 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo -n"; else exit 0; fi
echo "Đang cài từ Debian cho các phép thử (installing from Debian for the tests):$missing"
# PostgreSQL must not start a service of its own: the tests run their own cluster in a temporary folder.
$sudo mkdir -p /etc/postgresql-common/createcluster.d
echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.d/benhan-tests.conf >/dev/null
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq >/dev/null 2>&1
for package in $missing; do
    $sudo apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
        echo "  không cài được $package (could not be installed); các phép thử cần nó sẽ được bỏ qua (its tests will skip)"
done
exit 0
