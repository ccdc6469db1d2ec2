"""What tests of Packhouse and of its plugins use: databases, factories, and material shared outside the repository."""
