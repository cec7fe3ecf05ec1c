# The corpus holds tests of its own, which are there to be found by searches.
collect_ignore = ["corpus"]
