"""A fourth register, made up: what docs/adding_a_register.md leads to, step by step.

Its vendor's page, in full:

    POST {base}/orders?place=…&key=…    {"ref", "table", "covers", "lines": [{"article", "name", "count", "cents",
                                        "note", "extras": [{"article", "name", "cents"}]}], "total"}
    GET  {base}/orders/{ref}?place=…&key=…
    GET  {base}/ping?place=…&key=…

    All answer {"ok": true, "ref": …, "state": "open", "paid" or null for an order that is not there}, the ping without
    `ref` and `state`; or {"ok": false, "ref": …, "why": "…"} for what is refused. A wrong key is a 403. `cents` is the
    price of one, tax included; the till knows the tax. An order that comes twice is booked twice. There are no set
    menus.
"""
