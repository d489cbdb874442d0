"""Reports of problems with a record (wrong works, two people, duplicates, names, affiliations) and their decision."""
