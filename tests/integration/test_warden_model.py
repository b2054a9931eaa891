"""The warden against a model: no sequence of happenings makes the two differ."""

from __future__ import annotations

from hypothesis import settings

from tests.integration.warden_machine import WardenMachine


class TestWardenAgainstModel(WardenMachine.TestCase):  # type: ignore[misc, name-defined]
    """No sequence of happenings makes the warden and the model differ."""

    settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
