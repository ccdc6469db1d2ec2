"""Access tokens: who may call the API, and what each may do there."""
