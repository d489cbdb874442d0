"""What a query means before it is searched for: an identifier, the name of an entity, an abbreviation."""
