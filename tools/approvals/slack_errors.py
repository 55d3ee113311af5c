"""What Slack's error codes mean here: whose turn it is, and what to do. They come with HTTP 200 and `ok: false`."""

from graph.errors import AutopilotError, Misconfigured, Refused, Unavailable

_INSTALL = "install the app again and set its bot token as AUTOPILOT_SLACK_TOKEN"
_CHANNEL = "correct channels.slack.channel: it is the id at the end of the channel's details"
_MEMBER = "invite the app there: /invite @Autopilot"
_AGAIN = "try again later"
_CLICK = "a click opens the form for three seconds only: click again"
_KINDS: dict[str, tuple[type[AutopilotError], str]] = {
    "invalid_auth": (Misconfigured, _INSTALL),
    "not_authed": (Misconfigured, _INSTALL),
    "account_inactive": (Misconfigured, _INSTALL),
    "token_revoked": (Misconfigured, _INSTALL),
    "token_expired": (Misconfigured, _INSTALL),
    "not_allowed_token_type": (Misconfigured, "AUTOPILOT_SLACK_TOKEN is a bot token (xoxb-), the app token is xapp-"),
    "no_permission": (Misconfigured, "give the app what docs/slack.md lists, and install it again"),
    "missing_scope": (Misconfigured, "add the scope to the app and install it again: docs/slack.md"),
    "access_denied": (Misconfigured, "ask an administrator of the workspace to let the app in"),
    "team_access_not_granted": (Misconfigured, "ask an administrator of the workspace to let the app in"),
    "channel_not_found": (Misconfigured, f"{_CHANNEL}; a private channel must invite the app"),
    "not_in_channel": (Refused, _MEMBER),
    "is_archived": (Refused, f"open the channel again, or {_CHANNEL}"),
    "restricted_action": (Refused, "a setting of the workspace keeps apps from posting there"),
    "restricted_action_read_only_channel": (Refused, "a setting of the workspace keeps apps from posting there"),
    "message_not_found": (Refused, "somebody deleted the message; the request itself stands: autopilot status"),
    "thread_not_found": (Refused, "somebody deleted the message; the request itself stands: autopilot status"),
    "cant_update_message": (Refused, "it was posted by another app: the token changed; answer elsewhere"),
    "edit_window_closed": (Refused, "a setting of the workspace keeps old messages as they are"),
    "expired_trigger_id": (Refused, _CLICK),
    "trigger_expired": (Refused, _CLICK),
    "exchanged_trigger_id": (Refused, _CLICK),
    "trigger_exchanged": (Refused, _CLICK),
    "invalid_trigger_id": (Refused, _CLICK),
    "internal_error": (Unavailable, _AGAIN),
    "fatal_error": (Unavailable, _AGAIN),
    "service_unavailable": (Unavailable, _AGAIN),
    "request_timeout": (Unavailable, _AGAIN),
    "team_added_to_org": (Unavailable, _AGAIN),
    "accesslimited": (Unavailable, _AGAIN),
}


def refusal(said: str, code: str, needed: str, provided: str) -> AutopilotError:
    """Return what to raise for a code. One that is not known here is Refused: repeating it as it is changes nothing."""
    kind, hint = _KINDS.get(code, (Refused, f"look {code} up at https://docs.slack.dev"))
    if code == "missing_scope" and needed:
        said = f"{said}: it needs {needed} and has {provided or 'none'}"
    return kind(said, hint)
