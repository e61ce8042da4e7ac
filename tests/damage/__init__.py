"""Damage state folders at random: the service starts, serves what it serves with an empty state folder, and invents nothing."""
