#!/bin/sh
# The whole suite, in two lanes at once, because its tests wait as much as they compute: everything on SQLite in one; in
# the other the browser journeys (in a process of their own: Playwright keeps an event loop that other tests would trip
# over), then, on PostgreSQL, the tests that matter on both engines. Where none can be had this says so; in CI it fails.
# The second lane is the longer one and goes first where both want a core.
set -u
cd "$(dirname "$0")/.."
log=$(mktemp)
measured=$(mktemp)
trap 'rm -f "$log" "$measured"' EXIT

second_lane() {
    echo "== browser journeys"
    TEST_DATABASE_URL= .venv/bin/python -m pytest tests/journeys || failed=1
    echo "== what matters on both engines, on PostgreSQL"
    if scripts/postgresql.sh; then
        .venv/bin/python -m tests.postgresql -n 2 --maxschedchunk=1 -q || failed=1
    elif [ -n "${CI:-}" ]; then
        failed=1
    fi
    [ -z "${failed:-}" ]
}

second_lane >"$log" 2>&1 &
lane=$!
TEST_DATABASE_URL= nice -n 4 .venv/bin/python -W "ignore:Unable to activate" -m slipcover --json --out "$measured" \
    -m pytest -n 4 --maxschedchunk=1 --ignore=tests/journeys
first=$?
.venv/bin/python -m slipcover --merge "$measured" --out "$measured" --fail-under 85
covered=$?
wait $lane
second=$?
cat "$log"
[ $first -eq 0 ] && [ $covered -eq 0 ] && [ $second -eq 0 ]
