"""What a server reports: metrics, and the log of unsure answers."""
