"""The door: requests, authentication, the GraphQL endpoint and routes."""
