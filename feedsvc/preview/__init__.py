"""What editors see before readers do: a panel on every page, and pages that load anew by themselves. WSGI middleware."""
