"""What every room's part of the schema is made with: connections, payloads, money, loaders."""
