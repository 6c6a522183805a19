"""The file we keep: fetched, verified, stored, served."""
