"""Making tokens, changing what they may do, and taking them out of force."""
