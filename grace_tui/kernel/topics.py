"""How a topic matches a pattern: exact, `prefix.*` (anything below the prefix), or `*`."""


def matches(pattern: str, topic: str) -> bool:
    """Tell whether `topic` falls under `pattern`."""
    if pattern == "*" or pattern == topic:
        return True
    return pattern.endswith(".*") and topic.startswith(pattern[:-1])
