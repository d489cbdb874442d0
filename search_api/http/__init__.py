"""What every route shares: arguments, errors, paging, OpenAPI, limits, health, metrics, the server."""
