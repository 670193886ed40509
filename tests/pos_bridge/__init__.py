"""The bridge to the registers."""

import pytest

# Cases that are inherited fail with their values, as others do.
pytest.register_assert_rewrite("tests.pos_bridge.contract")
