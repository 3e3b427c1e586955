"""The command `factory`: the table of its commands."""

from __future__ import annotations

from typing import Any

import click

from factory.cli.attest import attest
from factory.cli.check import check
from factory.cli.check_verifier import check_verifier
from factory.cli.filter import filter_
from factory.cli.filters import filters
from factory.cli.keys import keys
from factory.cli.measure import measure
from factory.cli.reverify import reverify
from factory.cli.run import run
from factory.cli.schema import schema
from factory.cli.status import status


class Commands(click.Group):
    """Shows a user's mistake as a short paragraph and ends with its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        from factory.errors import FactoryError

        try:
            return super().invoke(ctx)
        except FactoryError as error:
            click.echo(f"factory: {error}", err=True)
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
    check,
    check_verifier,
    attest,
    reverify,
    keys,
    measure,
    filter_,
    filters,
    schema,
)
for command in TABLE:
    main.add_command(command)
