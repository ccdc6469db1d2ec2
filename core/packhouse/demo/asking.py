"""A client of the running API, as anybody could write one: a token, a document, variables."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from packhouse.sdk import PackhouseError

_TIMEOUT = aiohttp.ClientTimeout(total=30)


class NotDone(PackhouseError):
    """The API refused, or failed at, what the demo asked of it. `code` is the first error's."""

    def __init__(self, what: str, code: str, message: str) -> None:
        super().__init__(f"{what}: {code}: {message}")
        self.code = code


class Api:
    """The GraphQL API at an address; used as an asynchronous context manager."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers={"authorization": f"Bearer {self._token}", "accept": "application/json"}, timeout=_TIMEOUT
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of an operation.

        Raises:
            NotDone: the answer has errors.
        """
        if self._session is None:
            raise RuntimeError("the client is not open: use it with async with")
        body = {"query": document, "variables": dict(variables or {})}
        async with self._session.post(self._url, json=body) as response:
            answer: dict[str, Any] = await response.json()
        errors = answer.get("errors")
        if errors:
            extensions = errors[0].get("extensions") or {}
            raise NotDone("the API", extensions.get("code", "ERROR"), errors[0].get("message", ""))
        data: dict[str, Any] = answer["data"]
        return data

    async def change(self, mutation: str, input_: Mapping[str, Any], wanted: str) -> dict[str, Any]:
        """Run a mutation with its one `input`; returns the fields `wanted` of its payload.

        Raises:
            NotDone: with the first user error's code.
        """
        name = f"{mutation[0].upper()}{mutation[1:]}Input"
        document = f"mutation Demo($input: {name}!) {{ {mutation}(input: $input) {{ {wanted} userErrors {{ code message }} }} }}"
        payload: dict[str, Any] = (await self.ask(document, {"input": dict(input_)}))[mutation]
        if payload["userErrors"]:
            first = payload["userErrors"][0]
            raise NotDone(mutation, first["code"], first["message"])
        return payload
