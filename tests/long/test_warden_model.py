"""The warden against its model, for 10,000 steps: `pytest tests/long`."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.integration.warden_machine import WardenMachine


@pytest.mark.timeout(3600)
class TestWardenAgainstModelForLong(WardenMachine.TestCase):  # type: ignore[misc, name-defined]
    """No sequence of happenings makes the two differ, however long."""

    settings = settings(max_examples=100, stateful_step_count=100, deadline=None)
