"""Count of processes that the system killed because memory ran out."""

from pathlib import Path

SYSTEM = Path("/")


def count_memory_kills(system: Path = SYSTEM) -> int:
    """Return the count of out-of-memory kills in the control group of this process if the kernel counts them, else on
    the machine; 0 if there is no counter.

    Args:
        system: root of the file system.
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
    """Return the counter files of control groups version 2, then version 1.

    In a container, the group may be mounted at the root.
    """
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
