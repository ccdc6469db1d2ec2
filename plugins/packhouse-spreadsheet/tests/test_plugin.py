from importlib.metadata import entry_points

from packhouse.sdk import Provider, ReadsHistory, ReadsStock
from packhouse_spreadsheet import Plugin


def test_the_entry_point_names_the_plugin() -> None:
    (point,) = entry_points(group="packhouse.plugins", name="spreadsheet")
    assert point.load() is Plugin


def test_one_channel_that_reads_history_and_stock() -> None:
    assert Plugin().plugin_manifest().code == "spreadsheet"
    (channel,) = Plugin().register_channels()
    assert channel.code == "spreadsheet"
    for capability in (Provider, ReadsHistory, ReadsStock):
        assert isinstance(channel, capability)
