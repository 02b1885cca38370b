"""The workspace's kernels: a file each, or a folder where one file would pass three hundred lines."""
