"""A Dask cluster as executor: the extra `peerscope[cluster]`, with workers on any number of machines.

All workers share the files of stages: in a folder under the same path (NFS or the like), or in an object store.
"""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from indexer.stages.task import StageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from distributed import Client

#: Seconds to connect to the scheduler, and to wait for the first worker.
TIMEOUT = 30


def dask_executor(address: str, timeout: float = TIMEOUT) -> Callable[[], Executor]:
    """Return a factory of executors over the workers of a scheduler.

    The factory raises StageError when the extra is not installed, the scheduler cannot be reached, or has no workers.
    """

    def connect() -> Executor:
        try:
            from distributed import Client  # only here: an extra, and slow to import
        except ImportError as error:
            raise StageError(
                "A scheduler needs the extra `cluster`: pip install 'peerscope[cluster]', here and on every worker."
            ) from error
        try:
            client = Client(address, timeout=timeout, set_as_default=False)
        except (OSError, ValueError) as error:
            raise StageError(f"The scheduler {address} cannot be reached: {error}") from error
        try:
            client.wait_for_workers(1, timeout=timeout)
        except TimeoutError as error:
            client.close()
            raise StageError(f"The scheduler {address} has no workers; start some with `dask worker`.") from error
        return DaskExecutor(client)

    return connect


class DaskExecutor(Executor):
    """Executes tasks on the workers of a client, and closes the client at the end."""

    def __init__(self, client: Client) -> None:
        """Take over a connected client."""
        self._client = client
        # Not pure: a task that is repeated after the death of a worker is a new one.
        self._executor = client.get_executor(pure=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Execute a function on any worker."""
        future: Future[Any] = self._executor.submit(fn, *args, **kwargs)
        return future

    @property
    def workers(self) -> int:
        """Return the number of tasks that the present workers execute at a time, at least 1."""
        return sum(self._client.nthreads().values()) or 1

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Close the connection; with `cancel_futures`, tasks that have not started are forgotten."""
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()
