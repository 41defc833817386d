"""The database of the store: SQLite or PostgreSQL, its tables, how they came to be, its errors."""
