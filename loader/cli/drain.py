"""``index.py -q QUEUE``: load what the messages of a queue name, until the queue is empty."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import time
from pathlib import Path

from loader import results
from loader.api import Queue
from loader.assembly import DEAD_LETTER
from loader.cli import settings as shared
from loader.cli import work
from loader.cli.progress import Display
from loader.cli.wording import counted
from loader.config import Config
from loader.engine import Engine
from loader.errors import STOPPED, ConfigError
from loader.ledger import Account
from loader.listing import NO_BUCKET
from loader.metrics import Totals
from loader.queues.drain import Drain
from loader.queues.held import Report
from loader.section import nearest

log = logging.getLogger(__name__)
INPUT, QUEUE = "in_s3", "in_sqs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    shared.add_arguments(parser)
    parser.add_argument("-q", "--sqs", metavar="QUEUE", required=True, help="SQS queue: its name, URL or ARN")
    shared.add_service_arguments(
        parser, "SQS and S3; apart: endpoint_url in [in_sqs], [in_s3]", "the queue and the buckets; the ARN or URL of a queue tells its own"
    )


def run(args: argparse.Namespace) -> int:
    """Drain the queue and return the exit code: 0 all done, 1 something failed; raises ConfigError for wrong usage, or where there is no queue."""
    config = shared.read_config(args)
    for warning in shared.overlooked(args):
        log.warning("%s", warning)
    config.override(QUEUE, "queue", args.sqs)
    shared.lay_over(args, config, QUEUE, INPUT)
    stem = f"{_title(config)}-{time.strftime('%Y%m%d_%H%M%S', time.gmtime())}"
    if Path(f"{stem}.finish.log").exists():  # of another that was started within this second
        stem += f"-{os.getpid()}"
    config.plugin(DEAD_LETTER).values.setdefault("path", f"rejects/{stem}-{os.getpid()}.ndjson")
    engine = work.prepared(config, INPUT)
    queue = _queue(engine)
    for problem in config.all_problems():
        log.warning("%s", problem)
    _open(queue, config)
    drain = Drain(queue, engine.settings.workers or work.cores())
    with drain:
        try:
            files = results.Results(stem, bucket=NO_BUCKET)
        except OSError as why:
            raise ConfigError(f"the result files cannot be written here: {why}") from why
        outcomes = Outcomes(drain, engine, files, Display(None))
        with outcomes.display:
            stopped = work.run(drain.tasks(), config, INPUT, engine.settings, outcomes.take, outcomes.moved)
            outcomes.write()
    outcomes.write()
    code = outcomes.conclude()
    return stopped or code


def _title(config: Config) -> str:
    """Return the name of the queue, of which the result files have theirs."""
    return config.plugin(QUEUE).values["queue"].rstrip("/").replace(":", "/").rpartition("/")[2]


def _queue(engine: Engine) -> Queue:
    """Return the queue, not yet open; raises ConfigError."""
    queue = engine.assembly.registry.create(engine.config, QUEUE)
    assert isinstance(queue, Queue)
    if queue.direct and queue.log_type and queue.log_type not in engine.plans:
        near = nearest(queue.log_type, engine.plans)
        hint = f"did you mean {near!r}?" if near else "index.py types lists them"
        engine.config.plugin(QUEUE).problem("log_type", f"there is no log type {queue.log_type!r}", hint)
        raise ConfigError(*engine.config.all_problems())
    return queue


def _open(queue: Queue, config: Config) -> None:
    """Find the queue; raises ConfigError, with file and line of what an INI file says."""
    try:
        queue.open()
    except ConfigError as why:
        section = config.plugin(QUEUE)
        for problem in why.problems:
            section.problem(problem.key, problem.message, problem.hint)
        raise ConfigError(*section.problems) from why


@dataclasses.dataclass(slots=True)
class Outcomes:
    """Where the accounts of a run go."""

    drain: Drain
    engine: Engine
    files: results.Results
    display: Display
    totals: Totals = dataclasses.field(default_factory=Totals)

    def take(self, account: Account) -> None:
        """Note how a task ended."""
        self.drain.take(account)
        if account.failure == STOPPED:
            self.totals.put_down(account)
        self.write()

    def moved(self, records: int, octets: int) -> None:
        """Show how far the workers are."""
        self.write()
        self.display.moved(records, octets)

    def write(self) -> None:
        """Write, sum and show what has ended."""
        self.drain.report(self._write)

    def _write(self, report: Report) -> None:
        self.files.write(report.account, report.source)
        self.totals.add(report.account)
        self.display.ended(report.account)
        if report.quarantine:
            letter = self.engine.dead_letter
            letter.quarantined(report.source, report.account.reason, report.account.log_type)
            letter.delivery.flush()

    def conclude(self) -> int:
        """Close what is open, tell how it went, and return the exit code."""
        from loader.cli.summary import stderr, table  # noqa: PLC0415  # as in load.py

        self.files.close()
        config, dead_letter = self.engine.config, self.engine.settings.dead_letter
        self.engine.close()
        self.drain.queue.close()
        rejects = config.plugin(dead_letter).values.get("path", dead_letter)
        table(self.totals, self.files, 0, rejects=rejects, rules=self.engine.assembly.rules)
        for line in self._messages():
            stderr().print(line, markup=False, highlight=False, soft_wrap=True)
        if self.drain.failure:
            log.error("queue %s: %s", self.drain.queue.title, self.drain.failure)
        return work.SOME_FAILED if self.drain.failure or self.totals.failed or self.files.failed or not self.totals.sound else work.OK

    def _messages(self) -> list[str]:
        """Return what is worth knowing of the messages."""
        counts, queue = self.drain.inflight.counts, self.drain.queue
        ended = sorted((what, count) for what, count in counts.items() if what != "received" and count)
        parts = [counted(counts["received"], "message"), *(f"{count:,} {what}" for what, count in ended)]
        lines = [f"queue {queue.title}: {', '.join(parts)}"]
        if counts["cannot be loaded"] and queue.redrive is False:
            lines.append(f"queue {queue.title} has no RedrivePolicy: what cannot be loaded comes again with every run, until it is too old")
        return lines
