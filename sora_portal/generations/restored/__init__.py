"""After a restore, or in a copy: what the send journal knows and the database does not, and what becomes of it."""
