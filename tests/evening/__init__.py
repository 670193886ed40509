"""`make evening`: sixty tables, two hundred phones and five waiters play an evening against a real house, without harm.

The house, its register and the judge of every order are the torture's (tests/torture). Here are the people: `guests.py`
plays the parties one after the other at each table, `waiters.py` serves them from the board, `judge.py` looks for what
a party must never see of another one, and for calls that nobody answered.
"""
