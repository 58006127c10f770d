"""What every other folder of `tasks` uses: errors, command-line entry, console, processes, files, ports."""
