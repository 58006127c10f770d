"""`python -m tasks.dev`: Ctrl-C ends it quietly from the first moment, before the slow imports."""

import runpy
import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)
runpy.run_module("tasks.dev.command", run_name="__main__")
