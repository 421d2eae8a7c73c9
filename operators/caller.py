"""Who asks: a script of this process, or somebody who may have come through the App's server.

FiftyOne's server hands the body of any request to an operator as it is, so that nothing in a
context can tell them apart. What can is the stack: ``foo.execute_operator`` is under a script's
calls, and never under the server's. In doubt it is the server, as for delegated operations, whose
parameters come from the database.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakSet

import fiftyone.operators.executor as executor

from ..plugin.errors import InputError
from ..plugin.outside.folders import in_import_folder, may_import, named_import
from ..plugin.workers.choices import LOCAL, RAY_ADDRESS

_SCRIPTS: WeakSet[Any] = WeakSet()


def note_caller(ctx: Any) -> None:
    """Remember whether a script asks; to be called while FiftyOne prepares the execution."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code is executor.execute_operator.__code__:
            _SCRIPTS.add(ctx)
            return
        frame = frame.f_back


def is_script(ctx: Any) -> bool:
    """Whether a script of this process asks for certain."""
    return ctx in _SCRIPTS


def file_to_read(ctx: Any, path: Any, option: str, *, folders: bool = False) -> Any:
    """A file, or where wanted a folder, that a request names; scripts may name any.

    Raises:
        InputError: if the App may not read it
    """
    if is_script(ctx) or not path:
        return path
    return str(named_import(path, option, folders=folders))


def may_be_read(ctx: Any) -> Callable[[Path], bool]:
    """Whether a file may be read that nobody named, beside or within what was named."""
    return (lambda _: True) if is_script(ctx) else may_import


def check_workers_asked(ctx: Any, workers: Any) -> None:
    """Refuse an address that a request names: what answers there could run code here.

    Raises:
        InputError: if the App names one
    """
    if isinstance(workers, str) and workers.startswith(RAY_ADDRESS) and not is_script(ctx):
        raise InputError(
            "workers: a request from the App may ask for 'ray', and not for an address. Set "
            "RAY_ADDRESS where the App's server runs, or call the operator from Python."
        )


def workers_of(ctx: Any) -> Any:
    """The workers that a request asks for.

    Raises:
        InputError: if the App names an address
    """
    workers = ctx.params.get("workers") or LOCAL
    check_workers_asked(ctx, workers)
    return workers


def network_to_load(ctx: Any, name: Any, option: str) -> Any:
    """A pretrained network, or embeddings, that a request names; scripts may name any.

    Raises:
        InputError: if loading it would run code from elsewhere, or send pictures away
    """
    if is_script(ctx) or not isinstance(name, str) or not name:
        return name
    from ..plugin.vectors.named_networks import brings_code  # loads torch

    if brings_code(name):
        raise InputError(
            f"{option}: '{name}' comes with code from outside of FiftyOne, or asks a service, "
            "which a request from the App may not start. Call the operator from Python, or choose "
            "a model that is a file of weights."
        )
    return name


def discreet(
    ctx: Any, work: Callable[[Any], dict[str, Any]], *paths: Any
) -> Callable[[Any], dict[str, Any]]:
    """The work, with errors that say nothing of what is in files outside of the import folders."""
    return work if all(in_import_folder(Path(path)) for path in paths if path) else quiet(ctx, work)


def quiet(ctx: Any, work: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """The work, with errors that tell the App nothing of what files and servers hold."""
    if is_script(ctx):
        return work

    def working(report: Any) -> dict[str, Any]:
        try:
            return work(report)
        except InputError as error:
            raise InputError(error.without_content) from None

    return working
