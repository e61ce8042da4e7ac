"""Kill processes with SIGKILL at random moments: no data is lost or damaged, and no reader sees a partial file."""
