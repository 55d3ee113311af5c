"""The passwords of the database roles in every test: roles belong to a server, which tests share."""

from checkpoints.provision import Logins
from checkpoints.roles import READER, ROLES

KNOWN = Logins({role: f"{role}-word" for role in (*ROLES.values(), READER)})
