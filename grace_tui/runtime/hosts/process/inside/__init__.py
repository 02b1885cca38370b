"""What runs in a kernel's own process, and the forkserver that makes it."""
