"""The append-only event log, the durable deliveries to plugins, and the live stream."""
