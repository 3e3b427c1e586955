"""Who may ask, by their tokens. `@huggingface/hub` wants tokens that begin with ``hf_``."""

from __future__ import annotations

from dataclasses import dataclass

from hub.refusals import Refused

WRITER, READER, STRANGER = "hf_alice_writes", "hf_alice_reads", "hf_bob_writes"


@dataclass(frozen=True)
class Account:
    """A person with a token. `role` is what the token is good for: `write` or `read`."""

    name: str
    role: str = "write"
    organizations: tuple[str, ...] = ()

    def sees(self, namespace: str) -> bool:
        """Whether they may read what is private there."""
        return namespace == self.name or namespace in self.organizations


ACCOUNTS = {
    WRITER: Account("alice", organizations=("lab",)),
    READER: Account("alice", role="read", organizations=("lab",)),
    STRANGER: Account("bob"),
}


def account_of(authorization: str | None) -> Account | None:
    """Who asks; None without a token, which is enough for what is public."""
    if not authorization:
        return None
    token = authorization.removeprefix("Bearer ")
    if token not in ACCOUNTS:
        raise Refused(401, "Invalid credentials in Authorization header")
    return ACCOUNTS[token]
