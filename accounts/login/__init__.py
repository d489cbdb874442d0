"""The ways in: e-mail and password, or ORCID; and the way out."""
