"""The repair queue: tasks on disk, with leases and fencing tokens."""

from grace_tui.healing.repair.queue.errors import AlreadyOpen, StaleToken, TaskClosed, UnknownTask, WrongState
from grace_tui.healing.repair.queue.moves import FINISHED, LEASE
from grace_tui.healing.repair.queue.queue import TaskQueue

__all__ = ["FINISHED", "LEASE", "AlreadyOpen", "StaleToken", "TaskClosed", "TaskQueue", "UnknownTask", "WrongState"]
