"""What people do with the log and its deliveries."""
