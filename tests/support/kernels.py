"""Starts kernels that answer."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ATTEMPTS = 3


def python_kernel() -> KernelManager:
    """Of a kernel with this interpreter."""
    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec.argv[0] = sys.executable
    return manager


def started(
    made: Callable[[], KernelManager], *, cwd: str, env: Mapping[str, str] | None = None
) -> tuple[KernelManager, BlockingKernelClient]:
    """A kernel that is ready, and a client of it.

    Its ports are free when the manager picks them, and another process may have them when the kernel wants them: it
    ends then before it has said a word, and another one is started. Raises RuntimeError if each of them ends.
    """
    more: dict[str, Any] = {} if env is None else {"env": dict(env)}
    for attempt in range(ATTEMPTS):
        manager = made()
        manager.start_kernel(cwd=cwd, **more)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
        except RuntimeError:
            ended = not manager.is_alive()
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()
            if not ended or attempt == ATTEMPTS - 1:
                raise
        else:
            return manager, client
    raise AssertionError("no attempt")
