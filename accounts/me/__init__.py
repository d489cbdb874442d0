"""An account's own matters: name, address, password, ORCID iD, log-ins; export, and deletion."""
