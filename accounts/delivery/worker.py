"""The thread that delivers while the service runs: in one of the workers of all servers on one database."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from opensearchpy.exceptions import TransportError
from sqlalchemy.exc import SQLAlchemyError

from accounts.delivery.lease import Lease
from accounts.delivery.service import Delivery, DeliveryError

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from accounts.database import Database
    from mappings import IndexNames

#: Seconds between two looks at the outbox, and the longest pause while OpenSearch or the database is away.
EVERY = 0.5
LONGEST = 5.0

log = logging.getLogger(__name__)


class Deliverer(threading.Thread):
    """Delivers until it is stopped. It begins with everything: a restored database may say less than the index."""

    def __init__(self, database: Database, client: OpenSearch, names: IndexNames, every: float = EVERY) -> None:
        """Name what to deliver; `every` is in seconds."""
        super().__init__(name="deliverer", daemon=True)
        self._delivery = Delivery(database, client, names)
        self._lease = Lease(database, names.prefix)
        self._every = every
        self._ended = threading.Event()
        self._began = False

    def run(self) -> None:
        """Look, deliver, pause; longer and longer while something is away."""
        pause = self._every
        while not self._ended.wait(pause):
            try:
                self._round()
            except (TransportError, SQLAlchemyError, DeliveryError, OSError) as error:
                if pause == self._every:
                    log.warning("people's states wait: %s", error)
                pause = min(2 * pause, LONGEST)
            except Exception:
                # Whatever it was (a proxy's page in place of an answer, say): a thread that died would keep the lease,
                # and nobody would deliver any more.
                log.exception("people's states wait")
                self._lease.release()
                pause = min(2 * pause, LONGEST)
            else:
                pause = self._every
        self._lease.release()

    def stop(self) -> None:
        """End it, and wait until it has."""
        self._ended.set()
        self.join()

    def _round(self) -> None:
        if not self._lease.take():
            self._began = False
        elif self._began:
            self._delivery.deliver()
        else:
            self._delivery.everything()
            self._began = True
