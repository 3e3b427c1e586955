"""`factory publish`: a dataset version put on the Hub, and read back."""

from __future__ import annotations

import click


@click.command()
@click.argument("version")
@click.option("--repo", required=True, metavar="ORG/NAME", help="Where it is published.")
@click.option(
    "--private", is_flag=True, help="Make the repository so that its owners alone see it."
)
@click.option("--as", "name", metavar="NAME", help="Its name, as 1.2.0; else NUMBER.0.0.")
@click.option("--dry-run", is_flag=True, help="Show what would be done; the Hub is only read.")
@click.option(
    "--allow", multiple=True, metavar="RULE", help="Publish against this rule; the card says so."
)
@click.option("--raw", metavar="ADDRESS", help="Bring the run's raw samples there, too.")
def publish(
    version: str,
    repo: str,
    private: bool,
    name: str | None,
    dry_run: bool,
    allow: tuple[str, ...],
    raw: str | None,
) -> None:
    """Publish a VERSION on the Hub: a version's folder, a run, or RUN@2.

    One commit, one tag; then everything is read back by the tag. Only then it is published. After
    any trouble the same command goes on where it stopped.

    \b
    Examples:
      factory publish runs/mine --repo you/mine --dry-run
      factory publish runs/mine@2 --repo you/mine --as 1.1.0
      factory publish runs/mine --repo you/mine --raw hf://buckets/you/mine-raw
    """
    from factory.hub import raw as raw_samples
    from factory.hub.dry_run import dry_run as told
    from factory.hub.publish import Wanted
    from factory.hub.publish import publish as put
    from factory.hub.remote import Remote
    from factory.hub.which import version_folder

    wanted = Wanted(version_folder(version), repo, name, private, allow)
    run = raw_samples.run_of(wanted.version) if raw else None
    if raw:
        raw_samples.checked(raw)
    if dry_run:
        for line in told(wanted):
            _say(line)
        if raw:
            click.echo(f"raw samples would be brought to {raw}")
        return
    done = put(wanted, _say)
    if raw and run:
        raw_samples.bring(run, raw, _say)
    click.echo(f"published {done.version}")
    click.echo(f"  commit  {done.commit}")
    click.echo(f"  rows    sha256 {done.digest}")
    click.echo(f"  page    {Remote(repo).address(done.version)}")
    click.echo(f'  load    datasets.load_dataset("{repo}", revision="{done.version}")')
    click.echo(f'          datasets.load_dataset("{repo}", revision="{done.commit}")')
    click.echo(f"  check   factory verify hf://{repo}@{done.version}")


def _say(words: str) -> None:
    """Words in which names of strangers may be."""
    from filters.text.visible import visible

    click.echo(visible(words, newlines=True))
