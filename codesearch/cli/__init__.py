"""The command line: each file reads one command's arguments, calls the library and prints."""
