"""Whether everything in the database agrees, and the repair of what does not."""
