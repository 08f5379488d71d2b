"""What all tests share: property tests with no clock in them, so that a busy machine fails nothing."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """What was imported to collect stays to the end: the collector of garbage need not walk it again and again."""
    gc.collect()
    gc.freeze()
