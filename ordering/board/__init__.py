"""The board: the pages from which the house's people run the service, for phone and tablet.

How a page is added
-------------------
1. A view in a file of its own, `ordering/board/<thing>.py`:

       @for_staff                                  # or @for_manager
       def page(request, restaurant, role, **of_the_address):
           return pages.show(request, restaurant, role, "board/thing.html", every=pages.EVERY, …)

   `for_staff` lets the restaurant's members in, and the installer; anybody else is led to the login, or told that
   there is no such address. `every`: the page keeps itself up to date, so many seconds apart; leave it away where
   people type.
2. Its address in `ordering/board/urls.py`, below `<slug>/`. Rows of an address are found by `ordering/board/access.py`.
3. A template that begins with `{% extends frame %}` and fills the blocks `title` and `live`. Everything in `live` that
   can have the focus has an id, and every open `<details>` too: that is how both survive a refresh.
4. A line in `MENU` (`ordering/board/menu.py`), where people come to it by themselves.

How something is done
---------------------
A view that takes a POST alone, one level below the page that it belongs to (a GET is led to `../`):

       @takes_a_form
       @for_staff
       def done(request, restaurant, role, **of_the_address):
           said = services.verb(…, by=request.user)     # which keeps it: services/acts.py
           return pages.done(to, said, ok=True)

`pages.done` leads to the page `to` with the sentence on top. On a page that refreshes itself its form is
`{% include "board/_button.html" %}`, or has the same hx- attributes: then the page stays, and its sound with it.
Whoever was slower is told so: a verb moves by a guarded UPDATE, and says whether it won.

How something calls for a person
--------------------------------
A function of (restaurant, now) that returns `Need`s (`ordering/board/need.py`), of all tables in as many queries as
of one, and its name in `PROVIDERS` (`ordering/board/needs.py`). The board lists them, oldest first, marks their tables,
counts them in its title and rings for those that are loud.

What else a table's page shows is a `Part` (`ordering/board/part.py`), from a function in `PARTS`
(`ordering/board/table.py`).
"""
