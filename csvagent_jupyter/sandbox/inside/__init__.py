"""What runs in the kernel's own process: never imported by the process that asks.

All of it is a courtesy to honest code. Code that means harm shares this process and can change anything here, so
nothing that comes from here is trusted outside (`sandbox.outputs` reads it).
"""
