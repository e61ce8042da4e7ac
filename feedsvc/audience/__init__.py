"""How often articles are read: beacons in, numbers out, and nothing kept about anybody. The core never imports it."""
