"""State folders damaged at random: the service starts, serves what a fresh state gives, and invents nothing."""
