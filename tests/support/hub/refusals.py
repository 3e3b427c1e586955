"""How the server says no: a status, the Hub's code for it, a sentence."""

from __future__ import annotations


class Refused(Exception):
    """An answer that is not what was asked for.

    Args:
        status: of the answer.
        message: what clients show.
        code: the Hub's word for it, by which clients choose the class of their error.
        headers: beside those of code and message.
    """

    def __init__(self, status: int, message: str, code: str = "", **headers: str):
        super().__init__(f"{status} {message}")
        self.status, self.message = status, message
        self.headers = {"X-Error-Message": message, **headers}
        if code:
            self.headers["X-Error-Code"] = code


def no_repository(status: int) -> Refused:
    """It is not there, or not for whoever asks; the Hub does not say which.

    Args:
        status: 401 for somebody without a token, else 404.
    """
    return Refused(status, "Repository not found", "RepoNotFound")


def no_revision(name: str) -> Refused:
    return Refused(404, f"Invalid rev id: {name}", "RevisionNotFound")


def no_entry(path: str, commit: str) -> Refused:
    refusal = Refused(404, f"{path} does not exist", "EntryNotFound")
    refusal.headers["X-Repo-Commit"] = commit
    return refusal
