"""The ledger: grants, holds, captures, releases, and the budgets they draw on."""
