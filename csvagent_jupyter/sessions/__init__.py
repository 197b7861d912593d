"""Where sessions, their events, tasks and files are kept: one interface, the embedded and the shared store, files."""
