"""Names of files and folders that operating systems, file servers and tools create; they are never images."""

import re
from fnmatch import translate
from functools import cache, lru_cache

LITTER: dict[str, tuple[str, ...]] = {
    "macOS": (
        ".DS_Store", "__MACOSX", "._*", ".AppleDouble", ".AppleDB", ".AppleDesktop", ".LSOverride", "Icon\r",
        ".localized", ".Spotlight-V100", ".Trash", ".Trashes", ".fseventsd", ".TemporaryItems", "Temporary Items",
        "Network Trash Folder", ".DocumentRevisions-V100", ".VolumeIcon.icns", ".apdisk",
        ".com.apple.timemachine.donotpresent",
    ),
    "Windows": (
        "Thumbs.db", "Thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$RECYCLE.BIN",
        "System Volume Information", "found.[0-9][0-9][0-9]", "*:Zone.Identifier",
    ),
    "Linux": ("lost+found", ".Trash-*", ".directory", ".thumbnails", ".nfs*", ".fuse_hidden*"),
    "Android": (".nomedia", "LOST.DIR"),
    "Synology": ("@eaDir", "#recycle", "#snapshot", "@tmp", "*@SynoEAStream", "*@SynoResource"),
    "QNAP": (".@__thumb", "@__thumb", "@Recycle", "@Recently-Snapshot", ".@upload_cache"),
    "NetApp, ZFS and quota": (".snapshot", "~snapshot", ".zfs", "aquota.user", "aquota.group"),
    "Photo software": ("Picasa.ini", ".picasa.ini", ".picasaoriginals", ".BridgeSort", ".BridgeCache*"),
    "Dropbox and Syncthing": (".dropbox", ".dropbox.attr", ".dropbox.cache", ".stfolder", ".stversions"),
    "Jupyter and Python": (".ipynb_checkpoints", "__pycache__"),
    "Git and other version control": (
        ".git", ".gitignore", ".gitattributes", ".gitkeep", ".keep", ".svn", ".hg", ".dvc", ".dvcignore",
    ),
    "Hugging Face": (".cache", ".huggingface"),
}  # fmt: skip
"""Patterns of names by what creates them, in any capitalization.

Sources: the templates macOS, Windows, Linux and Python of github.com/github/gitignore; Synology Knowledge Center and
QNAP help for their index, recycle and snapshot folders; the manual pages mke2fs(8) (lost+found) and quotacheck(8);
Microsoft's documentation of chkdsk (found.000) and of the Zone.Identifier stream; the trash and thumbnail
specifications of freedesktop.org. `RECYCLER` and `Recovery` are not listed, because they are words that a class could
have as its name.
"""


@cache
def _compile_pattern() -> re.Pattern[str]:
    return re.compile("|".join(translate(name.lower()) for names in LITTER.values() for name in names))


@lru_cache(10_000)
def is_litter(name: str) -> bool:
    """Return whether a file or folder with this name is created by a system and not by the owner of the images.

    >>> [is_litter(name) for name in ("THUMBS.DB", "@eaDir", "._0001.jpg", "recycle", "cat")]
    [True, True, True, False, False]
    """
    return _compile_pattern().match(name.lower()) is not None
