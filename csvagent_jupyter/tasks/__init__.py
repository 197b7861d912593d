"""When and where a question runs: the queue, the run, and the desk that is laid out for it."""
