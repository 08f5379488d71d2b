"""The small bank of these tests."""

from tests.ledger.bank import bank

__all__ = ["bank"]
