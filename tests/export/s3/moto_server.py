"""moto's server: python -m tests.export.s3.moto_server -H HOST -p PORT, as the program moto_server, for less processor time.

moto reads its own folder twice for each request, to learn its services: a quarter of the time of the server.
"""

from __future__ import annotations

from functools import cache

from moto import backends, server

if __name__ == "__main__":
    find_services = backends.list_of_moto_modules
    backends.list_of_moto_modules = cache(lambda: tuple(find_services()))
    server.main()
