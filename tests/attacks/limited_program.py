"""Program that sets the limit on open files of its process and then runs feedsvc: FILES ARGUMENTS..."""

import resource
import sys
from runpy import run_module

if __name__ == "__main__":
    files = int(sys.argv.pop(1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    run_module("feedsvc", run_name="__main__", alter_sys=True)
