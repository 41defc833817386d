"""The shapes of the interface's answers, for the OpenAPI description; one file for each subject."""
