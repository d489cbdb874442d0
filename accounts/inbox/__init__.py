"""The API of notifications, which pages show in the inbox."""
