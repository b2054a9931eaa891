"""The hub: who is connected, what they may ask, and what they are told."""
