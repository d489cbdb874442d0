"""The pages: the same answers as the API gives, as HTML."""
