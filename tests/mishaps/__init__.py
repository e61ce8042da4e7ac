"""Tests of failures of the machine: full disks, missing or read-only folders, clock jumps."""
