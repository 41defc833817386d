"""Who may come in: headers, the Host check, the token, sessions, and where actions come from."""
