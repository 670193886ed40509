"""The parts of `RegisterContract` (../register_contract.py): what every adapter is held to."""
