#!/bin/sh
# Make sure that the tests can have a PostgreSQL: the server that TEST_DATABASE_URL names, or programs to start one.
# Without any the suite runs on SQLite alone and says so; in CI that is a failure.
set -eu
cd "$(dirname "$0")/.."

there() {
    case "${TEST_DATABASE_URL:-}" in postgres*) return 0 ;; esac
    .venv/bin/python -c 'import sys; from tests.postgresql import programs; sys.exit(programs() is None)'
}

if there; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "The tests want a PostgreSQL; installing the distribution's"
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null && there; then
        exit 0
    fi
fi
echo "No PostgreSQL could be had, so nothing is tested on it. Install its server, or name one:" >&2
echo "    apt-get install postgresql      (or: TEST_DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres)" >&2
exit 1
