"""What can be done in this room, one use case a file."""
