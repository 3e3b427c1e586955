"""Instructions that a text must follow, as datasets list them, for the verifier of that name."""

from __future__ import annotations

from typing import Any

from factory.prompts.rows import BadRow, literal, short


def ifeval(found: dict[str, Any]) -> dict[str, Any]:
    """google/IFEval: the columns of ids and of arguments, in this order.

    Raises:
        BadRow: they are no lists.
    """
    ids, arguments = (literal(value) for value in found.values())
    if not isinstance(ids, list) or not isinstance(arguments, list):
        raise BadRow("bad_reference", f"{' and '.join(found)} are no lists of instructions")
    return {"instruction_id_list": ids, "kwargs": [_given(one) for one in arguments]}


def if_constraints(found: dict[str, Any]) -> dict[str, Any]:
    """allenai/IF_multi_constraints_upto5: the text of a list, as Python prints it, with one object.

    >>> if_constraints({"x": "[{'instruction_id': ['a:b'], 'kwargs': [None]}]"})
    {'instruction_id_list': ['a:b'], 'kwargs': [{}]}
    """
    ((column, value),) = found.items()
    listed = literal(value)
    one = listed[0] if isinstance(listed, list) and len(listed) == 1 else listed
    if not isinstance(one, dict) or not {"instruction_id", "kwargs"} <= one.keys():
        raise BadRow("bad_reference", f"{column} is {short(value)}, no list of instructions")
    return ifeval({"instruction_id": one["instruction_id"], "kwargs": one["kwargs"]})


def _given(arguments: Any) -> Any:
    return {} if arguments is None else arguments
