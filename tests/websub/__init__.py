"""Announcing to hubs on loopback that do what hubs do, good and bad."""
