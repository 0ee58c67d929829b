"""RELP, plain or in TLS: the receiver acknowledges each message, and what it has not acknowledged is sent again."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from loader.api import TAKEN, Outcome
from plugins._syslog.failures import Told, retryable
from plugins._syslog.hosts import Dial, Hosts, Peer
from plugins._syslog.relp_frames import Unanswered
from plugins._syslog.relp_offered import Offered
from plugins._syslog.relp_session import Session

TRIES = 3  # how often a message is offered that the receiver answers with an error


class Refusal(Told):
    """The receiver has answered a message with an error."""


class Relp:
    """One session, made when first needed and again after it broke.

    ``flush`` promises that the receiver has answered each message with 200. After a failure ``settled`` tells how many it had
    answered, and what it had answered behind those is not sent again either: at most ``window`` messages, whose answers were lost, go out
    twice. A message that the receiver refuses is sent again alone; refused three times, it is refused for good, and the others go on.
    """

    def __init__(self, hosts: Hosts, dial: Dial[socket.socket], timeout: float, window: int) -> None:
        self._hosts, self._dial_socket, self._timeout, self._window = hosts, dial, timeout, window
        self._session: Session | None = None
        self._offered = Offered()
        self._broken: Unanswered | None = None  # what a session that broke had acknowledged, as long as nobody has asked
        self._suspect, self._refusals = b"", 0  # the message that was refused last, and how often

    @property
    def address(self) -> str:
        """The receiver that is talked to, or all that are tried."""
        return str(self._hosts)

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send messages, waiting for answers only when ``window`` of them are missing; raises Retryable."""
        session = self._connected()
        with retryable(self, "cannot send to"):
            if self._refusals and self._suspect in messages:
                return self._carefully(session, messages, messages.index(self._suspect))
            self._send(session, messages)
        return TAKEN

    def flush(self) -> None:
        """Return once every message is acknowledged; raises Retryable."""
        if self._session is not None:
            with retryable(self, "not everything arrived at"):
                self._answered(self._session)
            self._hosts.worked()
        self._offered.forget()

    def settled(self) -> int:
        """Return how many of the messages since the last flush are acknowledged, counted from the first."""
        account, broken = self._session.account if self._session else self._broken or Unanswered(), self._broken
        found = self._offered.settled(account)
        if broken:
            self._offered.repeat(broken)
        self._offered.forget(again=not broken)  # without a failure it is all given up
        self._broken = None
        return found

    def drop(self) -> None:
        """Close at once, having read what is acknowledged. The next session is with another host, where there is one."""
        if self._session is not None:
            self._session.last_words()
            self._session.drop()
        self._broken = self._session.account if self._session else Unanswered()
        self._session = None
        self._hosts.failed()

    def close(self) -> None:
        """End the session as the protocol wants it."""
        if self._session is not None:
            self._session.close()
            self._session = None
        self._offered.forget(again=True)

    def _connected(self) -> Session:
        """Return a session whose receiver had not hung up a moment ago."""
        with retryable(self, "lost the connection to"):
            if self._session is not None and not self._session.alive():
                self._answered(self._session)  # to the end, but not each with 200
                self._leave(self._session)
        with retryable(self, "cannot connect to"):
            if self._session is None:
                self._session = self._hosts.connect(self._dial, self._timeout)
            elif self._hosts.due and self._session.account.settled and (anew := self._hosts.renew(self._dial, self._timeout)):
                self._session.close()
                self._leave(self._session)
                self._session = anew
                anew.timeout = self._timeout  # that of the trial was shorter
        return self._session

    def _dial(self, peer: Peer, timeout: float) -> Session:
        session = Session(self._dial_socket(peer, timeout), timeout)
        try:
            session.open()
        except OSError:
            session.drop()
            raise
        return session

    def _leave(self, session: Session) -> None:
        """Give up a session on which everything is acknowledged."""
        session.drop()
        self._session = None
        self._offered.taken_all()

    def _send(self, session: Session, messages: Sequence[bytes]) -> None:
        frames = self._offered.frames(messages, session.account.sent + 1)
        while frames:
            frames = frames[session.send(frames, self._window) :]
            if session.account.refused:
                self._answered(session)

    def _answered(self, session: Session) -> None:
        """Wait for all answers; raises Refusal for the first that is none."""
        session.wait_for()
        for serial, text in sorted(session.account.refused.items()):
            message = self._offered.of(serial)
            if message is None:
                session.account.dismiss(serial)
                continue
            self._refusals = self._refusals + 1 if message == self._suspect else 1
            self._suspect = message
            raise Refusal(f"the receiver refuses a message: {text}")

    def _carefully(self, session: Session, messages: Sequence[bytes], place: int) -> Outcome:
        """Send messages of which one was refused before: it goes out alone, and is refused for good when that was often enough."""
        self._send(session, messages[:place])
        self._answered(session)
        try:
            self._send(session, messages[place : place + 1])
            self._answered(session)
        except Refusal as why:
            if self._refusals < TRIES:
                raise
            for serial in list(session.account.refused):
                session.account.dismiss(serial)
            self._offered.refused_last()
            self._refusals = 0
            return Outcome(retry=range(place + 1, len(messages)), refused={place: str(why)})
        self._refusals = 0
        self._send(session, messages[place + 1 :])
        return TAKEN
