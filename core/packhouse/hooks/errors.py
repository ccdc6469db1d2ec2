"""What can be wrong with plugins.

PackhouseError
├── BrokenPlugin     one plugin cannot be used: it is left out, or stops the start where plugins are strict
│   └── DuplicateCode    it claims a code that a plugin before it has
├── HookFailed       a hook did something that no plugin may
├── NotStarted       a plugin asked for something that exists only while the server runs
├── OwnFailure       Packhouse itself failed at what a plugin asked for
└── DeliveryOver     a plugin changes its state for a delivery that has ended
"""

from packhouse.sdk.errors import PackhouseError


class BrokenPlugin(PackhouseError):
    """A plugin cannot be used. `name` is its entry point or code, `reason` what is wrong and where; it quotes no setting.

    `keys` are the dotted settings that it is about, where it is about any.
    """

    def __init__(self, name: str, reason: str, keys: tuple[str, ...] = ()) -> None:
        super().__init__(f"plugin {name}: {reason}")
        self.name = name
        self.reason = reason
        self.keys = keys

    def __reduce__(self) -> tuple[type["BrokenPlugin"], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.name, self.reason, self.keys)


class DuplicateCode(BrokenPlugin):
    """A plugin claims a code that another one has: `first` has it. `kind` is "plugin", "carrier" and so on."""

    def __init__(self, kind: str, code: str, first: str, second: str) -> None:
        super().__init__(second, _clash(kind, code, first))
        self.kind = kind
        self.code = code
        self.first = first

    def __reduce__(self) -> tuple[type["DuplicateCode"], tuple[str, str, str, str]]:  # type: ignore[override]
        return type(self), (self.kind, self.code, self.first, self.name)


def _clash(kind: str, code: str, first: str) -> str:
    if kind != "plugin":
        return (
            f"its {kind} {code} is one of plugin {first} already: rename one of them, or disable one of the two plugins"
        )
    if first == code:
        return f"there is another plugin {code} already: uninstall one of the two"
    return (
        f"its settings would be those of plugin {first} too, as - and _ are one there: disable one of the two plugins"
    )


class HookFailed(PackhouseError):
    """A hook ended in a way that would have ended more than itself."""


class NotStarted(PackhouseError):
    """Something of the running server was used before it started or after it stopped."""


class OwnFailure(PackhouseError):
    """Packhouse failed at what it does for a hook: reading what the event is about, or the plugin's own store. Nobody else is to blame."""


class DeliveryOver(PackhouseError):
    """A plugin used a delivery's `context.state` after its hook had ended, in a task that it left behind."""

    def __init__(self, plugin: str) -> None:
        super().__init__(
            f"plugin {plugin}: the delivery is over, and what it changes now would be lost. "
            "Await everything in the hook, or use the context of startup for work of your own."
        )
        self.plugin = plugin

    def __reduce__(self) -> tuple[type["DeliveryOver"], tuple[str]]:
        return type(self), (self.plugin,)
