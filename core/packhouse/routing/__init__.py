"""Which location fulfils which units, and the receipt of that decision."""
