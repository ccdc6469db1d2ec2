"""The reports in the GraphQL schema."""
