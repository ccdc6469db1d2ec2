"""Jobs and addresses of a plugin are checked when it is loaded."""

from typing import Any

import pytest
from tests.hooks.test_host import Named, load

from packhouse.hooks import BrokenPlugin
from packhouse.sdk import PluginAnswer, PluginContext, PluginJob, PluginRequest, PluginRoute, hookimpl


class Offering(Named):
    def __init__(self, jobs: Any = (), routes: Any = ()) -> None:
        super().__init__("offering")
        self.jobs, self.routes = jobs, routes

    @hookimpl
    def register_jobs(self) -> Any:
        return self.jobs

    @hookimpl
    def register_routes(self, context: PluginContext) -> Any:
        assert context.code == "offering"
        return self.routes


async def work(_: PluginContext) -> None: ...


async def answer(_: PluginRequest, __: PluginContext) -> PluginAnswer:
    return PluginAnswer(b"{}")


PULL = PluginJob("pull", 60, work)
PAGE = PluginRoute("pick-list/today", answer)


def test_what_it_offers_is_kept() -> None:
    post = PluginRoute("pick-list/today", answer, ("POST",))
    candidate = load(Offering([PULL], [PAGE, post])).candidates["offering"]
    assert (candidate.jobs, candidate.routes) == ((PULL,), (PAGE, post))
    assert (load(Named()).candidates["named"].jobs, load(Named()).candidates["named"].routes) == ((), ())


@pytest.mark.parametrize(
    ("jobs", "reason"),
    [
        (("pull",), "register_jobs returned tuple, expected a list of PluginJob"),
        (None, "register_jobs returned NoneType, expected a list of PluginJob"),
        ([PluginJob("Pull it", 60, work)], "the name 'Pull it' is not small letters, digits and - "),
        ([PluginJob("a" * 25, 60, work)], "is not small letters, digits and - "),
        ([PluginJob("pull", 0.5, work)], "pull runs every 0.5 s"),
        ([PluginJob("pull", float("nan"), work)], "pull runs every nan s"),
        ([PluginJob("pull", 60, work, timeout_seconds=0)], "pull has no time to run"),
        ([PULL, PluginJob("pull", 90, work)], "register_jobs returned one PluginJob twice"),
    ],
)
def test_jobs_that_cannot_be_done(jobs: Any, reason: str) -> None:
    with pytest.raises(BrokenPlugin, match=reason):
        load(Offering(jobs))


@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        ([PULL], "register_routes returned list, expected a list of PluginRoute"),
        ([PluginRoute("../graphql", answer)], "the path '../graphql' is not small letters"),
        ([PluginRoute("/page", answer)], "the path '/page' is not"),
        ([PluginRoute("a" * 101, answer)], r"\(at most 100\)"),
        ([PluginRoute("page", answer, ("DELETE",))], "page takes DELETE, expected GET, POST or both"),
        ([PluginRoute("page", answer, ())], "page takes nothing"),
        ([PluginRoute("page", answer, permission="orders")], "page needs 'orders', which is no permission"),
        ([PluginRoute("page", answer, permission="*")], r"page needs '\*', which is no permission"),
        ([PAGE, PluginRoute(PAGE.path, answer, ("POST", "GET"))], "register_routes returned one PluginRoute twice"),
    ],
)
def test_addresses_that_cannot_be_served(routes: Any, reason: str) -> None:
    with pytest.raises(BrokenPlugin, match=reason):
        load(Offering(routes=routes))
