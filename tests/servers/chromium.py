"""A Chromium for the tests of pages: the machine's own, else Debian's.

Looked for in this order: `QUERYKIT_CHROMIUM` (a program), `chromium` of this machine, Debian's package of
`QUERYKIT_CHROMIUM_SUITE` (this machine's release, whose C library it runs with).
"""

import os
import platform
import shutil
from pathlib import Path
from typing import NamedTuple

from tests.servers import debian
from tests.servers.cache import CACHE
from tests.servers.process import ServerError

_BINARY = "usr/lib/chromium/chromium"  # what the script in /usr/bin starts, which looks for the rest under /usr
_NEEDLESS = ("libc6", "libgl1-mesa-dri", "adwaita-icon-theme", "xdg-utils", "xdg-desktop-portal")
"""Its C library is this machine's; it draws without a screen, and shows nobody an icon."""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{prefix}/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{cache}/fonts</cachedir></fontconfig>
"""


class Chromium(NamedTuple):
    """A browser: its program, and what its environment needs beside the usual."""

    program: str
    environment: dict[str, str]


def chromium() -> Chromium:
    """The browser; downloaded and unpacked once, if the machine has none.

    Raises:
        ServerError: when the machine has none and is not Debian's, or the download fails.
    """
    if given := os.environ.get("QUERYKIT_CHROMIUM"):
        return Chromium(given, {})
    suite = os.environ.get("QUERYKIT_CHROMIUM_SUITE")
    for name in () if suite else (f"/{_BINARY}", "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Chromium(found, {})
    try:
        return _unpacked(suite or platform.freedesktop_os_release()["VERSION_CODENAME"])
    except (OSError, KeyError, ServerError) as error:
        raise ServerError(f"no Chromium for the tests of pages; set QUERYKIT_CHROMIUM to one: {error}") from error


def _unpacked(suite: str) -> Chromium:
    prefix = debian.unpacked("chromium", suite, is_program=True, without=_NEEDLESS)
    triplet = f"{platform.machine()}-linux-gnu"
    fonts = CACHE / "chromium-fonts.conf"
    fonts.write_text(_FONTS.format(prefix=prefix, cache=CACHE))
    folders = [Path("usr/lib") / triplet, Path("lib") / triplet, Path("usr/lib") / triplet / "pulseaudio"]
    libraries = ":".join([str(prefix / each) for each in folders])
    return Chromium(str(prefix / _BINARY), {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(fonts)})
