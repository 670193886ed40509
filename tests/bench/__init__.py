"""`make bench`: how fast the software is, as ratios taken side by side in one run. Nothing here is a test.

`house.py` is a real gunicorn on a real database; `load.py` asks it; each of `pages.py`, `delivery.py` and `browser.py`
measures something of it; `goals.py` says what is wanted.
"""
