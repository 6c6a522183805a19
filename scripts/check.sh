#!/bin/sh
# Everything that `make check` holds the tree against. Reads only: what it has to write goes to a temporary folder.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Production settings without a .env: secrets that live as long as this run, a database that stays empty.
export SORA_PORTAL_SECRET_KEY="$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(64))')"
export SORA_PORTAL_FIELD_KEYS="$(.venv/bin/python -c 'from cryptography.fernet import Fernet as F; print(F.generate_key().decode())')"
export SORA_PORTAL_DATA_DIR="$scratch" DATABASE_URL="sqlite:///$scratch/portal.sqlite3"
export SORA_PORTAL_HTTPS=1 SORA_PORTAL_DEBUG=0 SORA_PORTAL_TEST_MODE=0 SORA_PORTAL_PUBLIC_URL=
export SORA_PORTAL_LOG_LEVEL=WARNING PYTHONDONTWRITEBYTECODE=1

step() {
    echo "== $1"
    shift
    "$@"
}
templates() { find templates -name '*.html' -exec .venv/bin/djade --check --target-version 5.2 {} +; }

step "ruff" .venv/bin/ruff check --no-fix .
step "format" .venv/bin/ruff format --check .
step "templates" templates
step "imports" .venv/bin/lint-imports
step "types" .venv/bin/mypy
step "django" .venv/bin/python manage.py check
step "production settings" .venv/bin/python manage.py check --deploy --fail-level WARNING
step "migrations" .venv/bin/python manage.py makemigrations --check --dry-run
step "generated documents" .venv/bin/python manage.py lifecycle_doc --check
echo "== all checks passed"
