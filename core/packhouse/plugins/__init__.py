"""What people change about plugins while the server runs: which ones run, their settings, and their secrets."""
