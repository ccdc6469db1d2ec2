"""What went well, what went wrong and why: figures over many orders, read from the record."""
