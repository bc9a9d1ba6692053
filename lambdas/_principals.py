"""Whose reviews a caller may use, by what API Gateway found out about him."""

import re
from collections.abc import Mapping
from typing import Any

from codereview.web.callers import Caller

#: ``arn:aws:sts::123456789012:assumed-role/Role/session``: a session is another each time, the role stays.
_ASSUMED = re.compile(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.+")


def caller_of(context: Mapping[str, Any]) -> Caller:
    """The caller of a request, by its ``requestContext``: the customer or the user of the user pool, or the role or
    user of IAM. Where the API asks nobody who he is, the reviews are everybody's, as without API keys elsewhere.
    """
    claims = (context.get("authorizer") or {}).get("claims") or {}
    if customer := claims.get("custom:customer"):
        return Caller(owner=f"customer:{customer}")
    if user := claims.get("sub"):
        return Caller(owner=f"user:{user}")
    principal = (context.get("identity") or {}).get("userArn")
    if not principal:
        return Caller()
    assumed = _ASSUMED.fullmatch(principal)
    owner = f"arn:{assumed[1]}:iam::{assumed[2]}:role/{assumed[3]}" if assumed else str(principal)
    return Caller(owner=owner)
