#!/usr/bin/env bash
# Installs the Debian packages that the tests use, where this machine lets us; a test whose package is missing is
# skipped and says so, unless ZOE_TESTS_REQUIRE_ALL=1.
set -u

missing=()
command -v java >/dev/null 2>&1 || missing+=(default-jre-headless)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed, so some tests will be skipped: ${missing[*]} (apt-get install ${missing[*]})"
    exit 0
fi
echo "Installing for the tests: ${missing[*]}"
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
