"""Changes of what the database says about plugins."""
