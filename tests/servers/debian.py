"""Debian's server packages, unpacked into the cache folder; the machine's own packages are not touched.

A package comes with everything it depends on, its C library too: a server of a newer Debian runs on an older one.
"""

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.servers.cache import CACHE, locked
from tests.servers.process import ServerError, report

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SUITES_WITHOUT_SECURITY = {"sid", "unstable"}
_NEEDLESS = ("usr/share/doc", "usr/share/man", "usr/share/locale")
_PROGRAMS = "usr/bin"  # most of 90 MB of MySQL's 350
_ATTEMPTS = 3


def unpacked(package: str, suite: str, *, is_program: bool = False, without: Sequence[str] = ()) -> Path:
    """The folder with `package` of Debian's `suite` and all that it depends on, downloaded and unpacked once.

    Args:
        package: Its name.
        suite: The release of Debian, such as ``"bookworm"``.
        is_program: Whether the server lies among the programs for users, which else are left out.
        without: Packages that it depends on and runs without, or finds on the machine.

    Raises:
        ServerError: when this is not a Debian machine or the download fails.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise ServerError(f"{package} comes from Debian's packages, and this machine has no apt-get and dpkg-deb")
    prefix = CACHE / f"{package}-{suite}"
    with locked(prefix.name):
        if not prefix.exists():
            started = time.monotonic()
            with tempfile.TemporaryDirectory(prefix=f".{prefix.name}.", dir=CACHE) as work:
                _unpack(package, suite, Path(work), is_program, without).rename(prefix)
            report(f"{package} of Debian {suite} unpacked into {prefix} in {time.monotonic() - started:.1f} s")
    return prefix


def loader(prefix: Path) -> list[str]:
    """The words before a program's name that run it with the C library and libraries under `prefix`."""
    triplet = f"{platform.machine()}-linux-gnu"
    folders = [prefix / "usr/lib" / triplet, prefix / "lib" / triplet]
    for folder in folders:
        for dynamic_linker in sorted(folder.glob("ld-linux*.so.*")):
            return [str(dynamic_linker), "--library-path", ":".join(map(str, folders))]
    raise ServerError(f"no dynamic linker under {prefix}")


def _unpack(package: str, suite: str, work: Path, is_program: bool, without: Sequence[str]) -> Path:
    _download(package, suite, work, without)
    prefix = work / "prefix"
    prefix.mkdir()
    prefix.chmod(0o755)  # whatever the umask: the servers run as another user
    for archive in sorted((work / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, prefix], check=True)
    for folder in _NEEDLESS if is_program else (_PROGRAMS, *_NEEDLESS):
        shutil.rmtree(prefix / folder, ignore_errors=True)
    return prefix


def _download(package: str, suite: str, work: Path, without: Sequence[str]) -> None:
    """Fetch the package and its dependencies with an apt that sees only the folder `work`."""
    options = _isolated_apt(suite, work, without)
    environment = os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    environment.pop("APT_CONFIG", None)
    failure = ""
    for attempt in range(_ATTEMPTS):
        time.sleep(3 * attempt)
        for words in (["update"], ["install", "-y", "--download-only", package]):
            done = subprocess.run(
                ["apt-get", *options, *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            # apt-get update exits 0 when a list could not be fetched, and only says so
            if done.returncode or "\nE: " in done.stdout or "\nErr:" in done.stdout:
                failure = f"apt-get {' '.join(words)} (Debian {suite}) failed:\n{done.stdout}"
                break
        else:
            return
    raise ServerError(failure)


def _isolated_apt(suite: str, work: Path, without: Sequence[str]) -> list[str]:
    """Options, which win over the machine's own apt.conf, that make apt work inside `work` alone."""
    architecture = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    (work / "lists" / "partial").mkdir(parents=True)
    (work / "archives" / "partial").mkdir(parents=True)
    # Perl is only for helper scripts: called installed, apt leaves it and its 10 MB out.
    (work / "status").write_text("\n".join([_stand_in(each, architecture) for each in ("perl", *without)]))
    (work / "sources.list").write_text("".join(f"{line}\n" for line in _sources(suite)))
    settings = {
        "Dir::State": work,
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work,
        "Dir::Cache::archives": work / "archives",
        "Dir::Log": work,
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": os.devnull,
        "Dir::Etc::preferences": os.devnull,
        "Dir::Etc::preferencesparts": os.devnull,
        "APT::Install-Recommends": "false",
        "APT::Install-Suggests": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "5",
        # a mirror may lag behind: the signature is checked all the same, only its age is not
        "Acquire::Check-Valid-Until": "false",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _stand_in(package: str, architecture: str) -> str:
    """What makes apt take a package for installed."""
    kind = "allowed" if package == "perl" else "same" if package.startswith("lib") else "foreign"
    return (
        f"Package: {package}\nStatus: install ok installed\nVersion: 99\nArchitecture: {architecture}\n"
        f"Multi-Arch: {kind}\nMaintainer: none\nDescription: stand-in\n"
    )


def _sources(suite: str) -> list[str]:
    mirror = _mirror()
    lines = [f"deb [signed-by={_KEYRING}] {mirror} {suite} main"]
    if suite not in _SUITES_WITHOUT_SECURITY:
        lines.append(f"deb [signed-by={_KEYRING}] {mirror}-security {suite}-security main")
    return lines


def _mirror() -> str:
    """The address of the Debian mirror that this machine already uses; `QUERYKIT_DEBIAN_MIRROR` wins."""
    if given := os.environ.get("QUERYKIT_DEBIAN_MIRROR"):
        return given.rstrip("/")
    for sources in (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))):
        if sources.is_file():
            for word in sources.read_text(errors="replace").split():
                if word.startswith(("http://", "https://")) and word.rstrip("/").endswith("/debian"):
                    return word.rstrip("/")
    raise ServerError("no Debian mirror in this machine's apt sources; set QUERYKIT_DEBIAN_MIRROR")
