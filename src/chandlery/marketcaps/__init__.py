"""Market caps: who is asked for them, and how the answer is read. Nothing is stored here."""
