"""How many processes the system has ended for want of memory."""

from pathlib import Path

SYSTEM = Path("/")


def count_memory_kills(system: Path = SYSTEM) -> int:
    """Counted for the group of processes that this one belongs to, where the kernel does that, else for the machine; 0
    where nothing counts them.

    Args:
        system: the root of the file system.
    """
    for path in (*_list_group_files(system), system / "proc/vmstat"):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        counts = [line.split()[1] for line in lines if line.startswith("oom_kill ")]
        if counts:
            return int(counts[0])
    return 0


def _list_group_files(system: Path) -> list[Path]:
    """Of version 2 of control groups, then of version 1. In a container the group's own folder may be the root."""
    try:
        lines = (system / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    groups = {controllers: path.strip("/") for _, controllers, path in (line.split(":", 2) for line in lines)}
    found = []
    for controllers, folder, name in (("", "", "memory.events"), ("memory", "memory", "memory.oom_control")):
        if controllers in groups:
            top = system / "sys/fs/cgroup" / folder
            found += [top / groups[controllers] / name, top / name]
    return found
