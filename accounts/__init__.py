"""People: accounts, and what they say and do: claims, follows, collaboration. The truth is a relational database."""
