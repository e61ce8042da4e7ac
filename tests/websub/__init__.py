"""Tests of WebSub notifications to hubs on loopback, including slow, failing and malicious ones."""
