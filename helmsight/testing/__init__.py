"""What tests of your own pilots, worlds and models can use: shipped fakes that are real servers."""

from helmsight.testing.provider import FakeProvider
from helmsight.testing.rules import Rule

__all__ = ["FakeProvider", "Rule"]
