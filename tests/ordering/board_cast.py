"""What the tests of the board's pages share."""


def press(client, address, data=None):
    """The page that a button leads to."""
    answer = client.post(address, data)
    assert answer.status_code == 303, (address, answer.status_code)
    return client.get(answer["Location"])
