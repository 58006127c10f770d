"""Works with the development database: a shell, a copy in a file, back from the file, an empty one."""
