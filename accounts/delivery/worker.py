"""The thread that delivers while the service runs, in one worker of all servers that share a database."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from opensearchpy.exceptions import TransportError
from sqlalchemy.exc import SQLAlchemyError

from accounts.corrections import decisions
from accounts.database import RewriteError
from accounts.delivery.lease import Lease
from accounts.delivery.service import Delivery, DeliveryError
from accounts.erasure import forget_expired

if TYPE_CHECKING:
    from pathlib import Path

    from opensearchpy import OpenSearch

    from accounts.database import Database
    from mappings import IndexNames
    from peerscope.signing import Signer

#: Seconds between two reads of the outbox, and the longest pause while OpenSearch or the database is unavailable.
EVERY = 0.5
LONGEST = 5.0
#: Seconds between two checks for expired data and for deleted data whose remains have to be erased.
CLEANING = 60.0

log = logging.getLogger(__name__)


class Deliverer(threading.Thread):
    """Delivers until stopped. It starts by writing all states, as a restored database may be older than the index."""

    def __init__(
        self,
        database: Database,
        client: OpenSearch,
        names: IndexNames,
        signer: Signer,
        every: float = EVERY,
        *,
        home: Path | None = None,
    ) -> None:
        """Prepare the thread; `every` is the interval in seconds, `home` the folder for decisions of identity."""
        super().__init__(name="deliverer", daemon=True)
        self._database = database
        self._delivery = Delivery(database, client, names, signer)
        self._lease = Lease(database, names.prefix)
        self._every, self._home = every, home
        self._stopped = threading.Event()
        self._began = False
        self._next_cleaning = 0.0

    def run(self) -> None:
        """Deliver at every interval; while it fails, the pause doubles up to `LONGEST` seconds."""
        pause = self._every
        while not self._stopped.wait(pause):
            try:
                self._deliver()
            except (TransportError, SQLAlchemyError, DeliveryError, RewriteError, OSError) as error:
                if pause == self._every:
                    log.warning("people's states are not delivered yet: %s", error)
                pause = min(2 * pause, LONGEST)
            except Exception:
                # For example an HTML page of a proxy. A thread that ended here would keep the lease, and no other
                # worker could deliver.
                log.exception("people's states are not delivered yet")
                self._lease.release()
                pause = min(2 * pause, LONGEST)
            else:
                pause = self._every
        self._lease.release()

    def stop(self) -> None:
        """Stop the thread and wait for its end."""
        self._stopped.set()
        self.join()

    def _deliver(self) -> None:
        if not self._lease.take():
            self._began = False
            return
        if self._began:
            self._delivery.deliver()
        else:
            self._delivery.deliver_all()
            self._began = True
        moment = time.monotonic()
        if moment >= self._next_cleaning:
            self._next_cleaning = moment + CLEANING
            forget_expired(self._database)
            if self._home:
                decisions.write(self._database, self._home)
            self._delivery.erase()
