"""The adapter of a register as it is configured: adapters themselves know no model and no settings."""

from pos_bridge import address
from pos_bridge.models import Register
from pos_bridge.registers import adapter_class
from pos_bridge.registers.base import Adapter


def adapter_for(register: Register) -> Adapter | None:
    """Ready to speak to this register; None where its kind is not spoken yet. Its `check()` tries the connection.

    Raises ImproperlyConfigured where the register's keys cannot be decrypted.
    """
    adapter = adapter_class(register.kind)
    if adapter is None:
        return None
    return adapter(
        register.base_url, dict(register.credentials), register.options, address.network()
    )
