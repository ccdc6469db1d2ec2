"""Owns the way back: return policies, returns and their lines, inspections, exchanges and claims."""
