"""The one exception of this check."""


class Fault(Exception):
    """What is wrong with the layer, in words for whoever changed it."""
