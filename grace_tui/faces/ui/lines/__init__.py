"""What each part of the main screen says: pure functions from views to lines of segments."""
