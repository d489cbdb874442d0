"""API tokens: keys for programs, each with a name, scopes and an end; shown once, when it is made."""
