"""`python -m tasks.dev`: quiet on Ctrl-C from the first moment, and only then the slow imports."""

import runpy
import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)
runpy.run_module("tasks.dev.command", run_name="__main__")
