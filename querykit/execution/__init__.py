"""Running: databases, pools, transactions, results."""
