import inspect

from packhouse.hooks.reference import hook_reference
from packhouse.hooks.specifications import specifications
from packhouse.sdk import EventType


def test_every_hook_is_in_the_reference_with_its_arguments_and_meaning() -> None:
    reference = hook_reference()
    for name, hook in specifications().items():
        section = reference.split(f"### `{name}`\n")[1].split("\n### ")[0]
        colour = "async def" if hook.is_async else "def"
        assert f"\n{colour} {name}(self" in section
        assert all(f"{argument}: " in section for argument in hook.arguments)
        assert (inspect.getdoc(hook.function) or "no docstring") in section


def test_signatures_are_readable() -> None:
    assert (
        "async def order_placed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None: ..."
    ) in hook_reference()
    assert "def register_carriers(self, context: PluginContext) -> Sequence[Provider]: ..." in hook_reference()


def test_every_event_has_its_hook() -> None:
    deliver = {name for name, hook in specifications().items() if hook.phase == "Deliver"}
    assert deliver == {each.value for each in EventType} | {"event_recorded"}
