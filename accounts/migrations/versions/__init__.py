"""The tables as they came to be: one file for each change, run in order by alembic."""
