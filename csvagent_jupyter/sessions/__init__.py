"""Where sessions, their events, tasks and files are kept: one interface, the embedded store, files by content."""
