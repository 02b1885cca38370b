"""When two failures are the same one."""

from dataclasses import replace

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.reproduce import Outcome


@pytest.mark.parametrize(
    ("message", "same"),
    [
        ("cannot import name 'open_session' from 'kernels.models' (/tmp/copy/kernels/models/__init__.py)", True),
        ("cannot import name 'open_session' from 'kernels.models' (kernels/models/__init__.py)", True),
        ("cannot import name 'open_engine' from 'kernels.models' (kernels/models/__init__.py)", False),
        ("cannot import name 'open_session' from 'kernels.tables' (kernels/models/__init__.py)", False),
    ],
)
def test_failure_is_the_same_wherever_the_copy_lies(lost_export: Failure, message: str, same: bool) -> None:
    assert Outcome(False, "ImportError", message).shows(lost_export) is same


def test_failure_of_another_kind_is_another(lost_export: Failure) -> None:
    assert not Outcome(False, "KeyError", lost_export.message).shows(lost_export)
    assert not Outcome(True).shows(lost_export)


def test_numbers_and_addresses_do_not_matter(lost_export: Failure) -> None:
    failure = replace(lost_export, message="<Log object at 0x7f01> lost 3 rows")
    assert Outcome(False, "ImportError", "<Log object at 0x7f99> lost 12 rows").shows(failure)
