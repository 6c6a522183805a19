#!/bin/sh
# Make sure that curl exists for the vendors' shell samples; without it the run fails rather than leaving them out.
set -eu
command -v curl >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "The vendors' shell samples need curl; installing it"
    apt-get update -qq && apt-get install -y -qq --no-install-recommends curl >/dev/null && command -v curl >/dev/null && exit 0
fi
echo "No curl could be had, so the vendors' shell samples cannot run. Install it and try again: apt-get install curl" >&2
exit 1
