#!/bin/sh
# The whole suite: the browser journeys in a process of their own, everything else beside them. Journeys wait for videos
# most of the time, and Playwright keeps an event loop in its process that other tests would trip over.
# Then, on PostgreSQL, the tests that matter on both engines. Where none can be had this says so; in CI it fails.
set -u
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

.venv/bin/python -m pytest tests/journeys >"$log" 2>&1 &
journeys=$!
TEST_DATABASE_URL= .venv/bin/python -m pytest -n 3 --maxschedchunk=1 --cov --ignore=tests/journeys
rest=$?
postgresql=0
if scripts/postgresql.sh; then
    echo "== the same on PostgreSQL"
    .venv/bin/python -m tests.postgresql -n 3 --maxschedchunk=1 -q
    postgresql=$?
elif [ -n "${CI:-}" ]; then
    postgresql=1
fi
wait $journeys
browser=$?
echo "== browser journeys"
cat "$log"
[ $rest -eq 0 ] && [ $browser -eq 0 ] && [ $postgresql -eq 0 ]
