"""Torture: real processes, many diners, faults drawn from a seed, and a checker that knows what must not happen.

    make torture [ORDERS=… KILLS=… SEED=… SECONDS=… DATABASE=sqlite|postgresql]
    python -m tests.torture --help

- house.py starts the processes (nursery.py forks them, web.py is gunicorn's), nemesis.py harms them by a schedule that
  the seed decides, diners.py orders as phones do, staff.py works the staff's list as a person does.
- Every one of them writes what it saw down, with the monotonic clock, which no jump of the clock touches (recorder.py).
- checker.py and wire.py are pure: they read the history and the registers' ledgers, and name each broken promise.
- sabotage.py breaks the product on purpose, to show that the checker finds it.

The seed decides what the nemesis does, when and to whom, and which faults a register draws for its nth request. It
does not decide how threads and processes interleave: a second run with the same seed is another run of the same plan.
"""
