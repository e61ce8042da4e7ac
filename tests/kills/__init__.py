"""kill -9 at random moments: what is lost, what is damaged, what a reader sees meanwhile."""
