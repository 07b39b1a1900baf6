"""Packages that not every program needs: imported when they are, and refused where they are known to fail."""

from __future__ import annotations

import functools
import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NamedTuple

from querykit.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType


class Package(NamedTuple):
    """A package that querykit needs for something.

    Attributes:
        name: Its name for pip.
        extra: The extra of querykit that installs it, or None where querykit itself does.
        minimum: The first version that works.
        module: What is imported of it, where that is not its name.
    """

    name: str
    extra: str | None
    minimum: tuple[int, ...] = ()
    module: str | None = None

    def load(self) -> ModuleType:
        """Import it.

        Raises:
            ConfigurationError: it is not installed, too old, or broken.
        """
        try:
            module = importlib.import_module(self.module or self.name)
        except ModuleNotFoundError as error:
            raise self.missing(self.name if self.module else error.name or self.name) from None
        except ImportError as error:
            raise ConfigurationError(f"the package {self.name} cannot be imported: {error}") from error
        _refuse_old(self)
        return module

    def missing(self, package: str) -> ConfigurationError:
        """The error for a package that is not installed: this one, or one that it needs."""
        return ConfigurationError(f"the package {package} is not installed: pip install {self._requirement}")

    @property
    def _requirement(self) -> str:
        return "querykit" if self.extra is None else f"'querykit[{self.extra}]'"


@functools.cache  # what is installed does not change while a program runs, and reading it takes a millisecond
def _refuse_old(package: Package) -> None:
    try:
        installed = version(package.name)
    except PackageNotFoundError:  # a program frozen into one file has no metadata
        return
    if _numbers(installed) < package.minimum:
        minimum = ".".join(map(str, package.minimum))
        raise ConfigurationError(
            f"{package.name} {installed} is installed, and querykit needs {minimum} or newer: "
            f"pip install --upgrade {package._requirement}"
        )


def _numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: those of ``"0.3.2rc1"`` are 0, 3 and 2."""
    numbers: list[int] = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
