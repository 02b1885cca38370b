"""What the queue refuses, in words."""

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import TaskState


class UnknownTask(GraceError):
    def __init__(self, task_id: str) -> None:
        super().__init__(f"there is no task {task_id}")
        self.task_id = task_id


class StaleToken(GraceError):
    """The task was taken from this holder; somebody else has it now."""

    def __init__(self, task_id: str, token: int, current: int) -> None:
        super().__init__(f"token {token} no longer holds {task_id}; its token is {current}")
        self.task_id, self.token, self.current = task_id, token, current


class TaskClosed(GraceError):
    """A finished task does not become unfinished, unless a person retries it."""

    def __init__(self, task_id: str, old: TaskState, new: TaskState) -> None:
        super().__init__(f"{task_id} is {old}; it cannot become {new}")
        self.task_id, self.old, self.new = task_id, old, new


class WrongState(GraceError):
    """A person asked for something that a task in this state does not allow."""

    def __init__(self, task_id: str, state: TaskState, wanted: str) -> None:
        super().__init__(f"{task_id} is {state.replace('_', ' ')}; only a task that is {wanted} can be")
        self.task_id, self.state = task_id, state


class AlreadyOpen(GraceError):
    """An incident has one unfinished task."""

    def __init__(self, task_id: str, other: str) -> None:
        super().__init__(f"{other} is under way for the incident of {task_id}")
        self.task_id, self.other = task_id, other
