"""Attempts to break out of the sandbox, and what runs them: ``python -m tests.escapes``.

`attempts/` is the table: one cell per attempt, as a model could write it. The same cell runs in a confined kernel,
where it must be refused, and in a control run without confinement, where it must work. What it aims at (files,
listeners, processes) belongs to the run.
"""
