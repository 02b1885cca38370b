"""The widgets: each shows lines it is given or makes, and posts a past-tense message; the screens act."""
