"""User agents in words, so that people recognize their browsers in the list of sessions."""

from __future__ import annotations

#: Parts of a user agent and the name of the browser or system, in the order in which they are looked for: Edge and
#: Opera also contain `Chrome/`, Chrome also `Safari/`, Android also `Linux`.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
#: Characters of an unknown user agent that are shown.
SHOWN = 60


def browser_label(user_agent: str) -> str:
    """Return a user agent in words, such as `Firefox on Linux`; an unknown one as it is, shortened."""
    browser = next((name for part, name in BROWSERS.items() if part in user_agent), None)
    system = next((name for part, name in SYSTEMS.items() if part in user_agent), None)
    if browser:
        return f"{browser} on {system}" if system else browser
    return user_agent[:SHOWN] or "Unknown browser"
