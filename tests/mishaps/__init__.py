"""What befalls a machine: full disks, folders that go away or may not be written, clocks that are set."""
