"""This room's part of the GraphQL schema."""
