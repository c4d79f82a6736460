#!/usr/bin/env bash
# Installs the Debian packages that the tests use, where this machine lets us; a test whose package is missing is
# skipped and says so, unless ZOE_TESTS_REQUIRE_ALL=1. With `bench`: what the figures need as well.
set -u

missing=()
needs() { # command, package
    PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}
needs java default-jre-headless
needs dockerd docker.io
needs iptables iptables
needs busybox busybox-static
needs debootstrap debootstrap
needs ip iproute2
needs boinc boinc-client
needs chromium chromium
needs nginx nginx
needs microsocks microsocks
needs docker-registry docker-registry
needs sshd openssh-server
needs ssh openssh-client
needs openssl openssl
needs faketime faketime
if [ "${1:-}" = bench ]; then
    needs wrk wrk
    needs npm npm
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed, so some of it will be skipped: ${missing[*]} (apt-get install ${missing[*]})"
    exit 0
fi
echo "Installing for the tests: ${missing[*]}"
# Nothing that is installed may start by itself: the tests start what they need, and end it.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
