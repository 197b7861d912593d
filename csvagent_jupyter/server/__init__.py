"""The routes of CONTRACT on a Jupyter server: everything a notebook can ask, a program can ask too."""
