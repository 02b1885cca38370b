"""Who asked is named as on this machine."""

import os
import pwd

from grace_tui.room.callers import caller, person_of


def test_who_asked_is_named_as_on_this_machine() -> None:
    user = pwd.getpwuid(os.getuid())
    assert caller(user.pw_uid) == f"{user.pw_name} (cli)"
    assert person_of(caller(user.pw_uid)) == user.pw_name


def test_a_user_without_a_name_has_a_number() -> None:
    assert caller(4_000_000_001) == "user 4000000001 (cli)"


def test_others_who_ask_are_called_what_they_are() -> None:
    assert person_of("local screen") == "local screen"
