"""The command `factory`: the table of its commands."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from factory.cli.attest import attest
from factory.cli.audit import audit
from factory.cli.browse import browse
from factory.cli.build import build
from factory.cli.check import check
from factory.cli.check_verifier import check_verifier
from factory.cli.diff import diff
from factory.cli.filter import filter_
from factory.cli.filters import filters
from factory.cli.keys import keys
from factory.cli.label import label
from factory.cli.log import log
from factory.cli.measure import measure
from factory.cli.publish import publish
from factory.cli.rebuild import rebuild
from factory.cli.reverify import reverify
from factory.cli.run import run
from factory.cli.schema import schema
from factory.cli.status import status
from factory.cli.students import students
from factory.cli.verify import verify
from factory.cli.versions import versions
from factory.cli.why import why


class Commands(click.Group):
    """Shows a user's mistake as a short paragraph and ends with its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        from factory.errors import FactoryError
        from filters.text.visible import visible

        if not sys.stderr.isatty():  # the Hub's client draws bars, a line for each step of them
            os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        try:
            return super().invoke(ctx)
        except FactoryError as error:
            click.echo(f"factory: {visible(str(error), newlines=True)}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command carries on from here", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reasoning-factory", prog_name="factory")
def main() -> None:
    """A teacher thinks, verifiers judge, filters choose, a student learns.

    \b
    Example:
      factory run manifests/quickstart.yaml
    """


TABLE = (
    run,
    status,
    build,
    rebuild,
    log,
    verify,
    students,
    check,
    check_verifier,
    audit,
    attest,
    reverify,
    browse,
    keys,
    label,
    measure,
    filter_,
    filters,
    publish,
    diff,
    schema,
    versions,
    why,
)
for command in TABLE:
    main.add_command(command)
