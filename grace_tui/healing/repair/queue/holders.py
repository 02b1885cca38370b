"""Who holds a task: a process, by its id and when it began, so that a later one with the same id is another."""

import os

import psutil


def this_process() -> str:
    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def lives(holder: str) -> bool:
    pid, _, started = holder.partition(":")
    if not pid.isdecimal():
        return False
    try:
        process = psutil.Process(int(pid))
        # Where nobody reaps orphans, as in many containers, a killed room stays on as a zombie.
        return process.status() != psutil.STATUS_ZOMBIE and f"{process.create_time():.2f}" == started
    except psutil.Error:
        return False
