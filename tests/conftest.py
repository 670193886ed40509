"""Settings of the tests, and the named cast.

Alice manages restaurant A (Chez Alice), Bob serves there, Charlie manages restaurant B and has no access to A's things.
"""
