"""The screens: they place widgets, hear their messages, and ask the room."""
