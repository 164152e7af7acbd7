"""A Ray cluster: that of RAY_ADDRESS, or one of this machine alone."""

import importlib
from typing import Any

from ..errors import ClearsightError, MissingExtra, plain


def join_ray(extra: str = "'clearsight[ray]'") -> Any:
    """The module `ray`, connected to the cluster of RAY_ADDRESS, or to one that is started on this machine.

    Raises MissingExtra without Ray, which `extra` installs, and ClearsightError where it cannot be joined or started.
    """
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise MissingExtra(f"--on ray needs its package: pip install {extra}.") from None
    if not ray.is_initialized():
        try:
            ray.init(log_to_driver=False, logging_level="ERROR", include_dashboard=False)
        except Exception as error:  # Ray raises plain ones, after 30 s on a machine that is too busy
            reason = plain(next(iter(str(error).splitlines()), "") or type(error).__name__)
            raise ClearsightError(
                f"Ray could not be started or joined: {reason.rstrip('.')}. Start it with `ray start --head` and set RAY_ADDRESS=auto, "
                "name another cluster in RAY_ADDRESS, or leave --on out."
            ) from error
    return ray
