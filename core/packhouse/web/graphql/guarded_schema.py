"""The schema class that the endpoint serves: it refuses costly documents before validating them, and before executing them those that
whoever asks may not have executed. Of execution's errors it logs nothing.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Any, cast

import strawberry
from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.execution import ExecutionContext
from strawberry.types.graphql import OperationType

from packhouse.settings import GraphQLSettings
from packhouse.telemetry.brief import brief
from packhouse.telemetry.metrics import Stopwatch
from packhouse.web.context import Context
from packhouse.web.graphql.access import Access, forbidden
from packhouse.web.graphql.errors import ErrorCode
from packhouse.web.graphql.input_builders import InputBuilder
from packhouse.web.graphql.known_documents import KnownDocuments, ValidDocument
from packhouse.web.graphql.limits import check_limits
from packhouse.web.permissions import Permissions

log = logging.getLogger(__name__)

_TIMED = frozenset({"query", "mutation"})


class Guard(SchemaExtension):
    """Applies the settings of the request's context: tokens while parsing, limits before validating, introspection."""

    _document: ValidDocument | None = None

    def on_operation(self) -> Iterator[None]:
        """Let the parser stop at too many tokens; count how it ends."""
        limits = self._limits()
        if limits is not None:
            self.execution_context.parse_options["max_tokens"] = limits.max_tokens
            if not limits.introspection:
                self.execution_context.validation_rules += (NoSchemaIntrospectionCustomRule,)
        self._kind = "none"
        watch, outcome = Stopwatch(), "failed"
        try:
            yield
            outcome = self._outcome()
        finally:
            self._count(outcome, watch.seconds)

    def on_parse(self) -> Iterator[None]:
        """Take a document that is known to be valid as it was parsed before."""
        context = self.execution_context
        if context.query is not None and context.graphql_document is None:
            self._document = self._documents.find(context.query, self._limits())
            context.graphql_document = None if self._document is None else self._document.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Do what Strawberry's validation would, which then does not run: the limits before it, permissions after it."""
        context = self.execution_context
        limits, document = self._limits(), context.graphql_document
        if document is not None and limits is not None:
            context.pre_execution_errors = (
                self._ambiguous(document) or self._invalid(document, limits) or self._forbidden()
            )
        yield

    def _invalid(self, document: DocumentNode, limits: GraphQLSettings) -> list[GraphQLError]:
        """What is wrong with a document; it is known from now on if nothing is."""
        if self._document is not None:
            return []
        context = self.execution_context
        schema = cast("GuardedSchema", context.schema)
        errors = check_limits(document, limits) or schema.invalid(document, context.validation_rules)
        if not errors:
            self._document = ValidDocument(document)
            if context.query is not None:
                self._documents.keep(context.query, limits, self._document)
        return errors

    def _forbidden(self) -> list[GraphQLError]:
        """What whoever asks may not have executed."""
        execution = self.execution_context
        context: Context = execution.context
        if context.grant.permissions.is_all:
            return []
        schema, document = cast("GuardedSchema", execution.schema), cast("ValidDocument", self._document)
        errors = schema.forbidden(document, execution.operation_name, context.grant.permissions)
        for error in errors:
            log.info("refused FORBIDDEN: %s: %s", context.grant.name, brief(error.message))
        return errors

    def on_execute(self) -> Iterator[None]:
        """A subscription lives as long as its client: the time-out is for queries and mutations. A key is for mutations."""
        context = self.execution_context.context
        kind = self.execution_context.operation_type
        self._kind = kind.value
        if isinstance(context, Context):
            context.is_valid = True
            if kind is OperationType.SUBSCRIPTION:
                context.stop_deadline()
            if context.by.request is not None:
                context.by.request.changes = kind is OperationType.MUTATION
        yield

    def _outcome(self) -> str:
        if self._kind == "none":
            return "refused"
        result = self.execution_context.result
        return "errors" if getattr(result, "errors", None) else "done"

    def _count(self, outcome: str, seconds: float) -> None:
        """Kinds are query, mutation, subscription, and none for what was not executed."""
        context = self.execution_context.context
        if isinstance(context, Context):
            metrics = context.database.metrics
            metrics.operations[self._kind, outcome].inc()
            if self._kind in _TIMED:
                metrics.operation_seconds[self._kind,].observe(seconds)

    @property
    def _documents(self) -> KnownDocuments:
        return cast("GuardedSchema", self.execution_context.schema).documents

    def _ambiguous(self, document: DocumentNode) -> list[GraphQLError]:
        """Several operations and no name: the specification wants an error, Strawberry takes the first one."""
        operations = sum(isinstance(each, OperationDefinitionNode) for each in document.definitions)
        named = self.execution_context._provided_operation_name  # noqa: SLF001  (the public one gives the first's)
        if operations > 1 and named is None:
            text = "The document holds several operations: say by operationName which one to execute"
            return [GraphQLError(text, extensions={"code": ErrorCode.BAD_USER_INPUT.value})]
        return []

    def _limits(self) -> GraphQLSettings | None:
        context = self.execution_context.context
        return context.settings.graphql if isinstance(context, Context) else None


class GuardedSchema(strawberry.Schema):
    """A Strawberry schema with the guard; the endpoint masks and logs errors, so the schema does not.

    `assign` says what its fields and types need. Without it, nobody but who may do everything can have anything executed.
    """

    def __init__(
        self, *arguments: Any, assign: "Callable[[GuardedSchema], Access] | None" = None, **options: Any
    ) -> None:
        self.documents = KnownDocuments()
        options["extensions"] = [Guard, *(options.get("extensions") or ())]
        super().__init__(*arguments, **options)
        for known in self.schema_converter.type_map.values():
            definition = known.definition
            if isinstance(definition, StrawberryObjectDefinition) and definition.is_input:
                definition.from_input = InputBuilder(definition, self.config)
        self.access = None if assign is None else assign(self)

    def invalid(self, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...]) -> list[GraphQLError]:
        """What is wrong with a document by the schema and the rules; empty when it is valid."""
        return validate_document(self._schema, document, rules)

    def forbidden(
        self, document: ValidDocument, operation_name: str | None, permissions: Permissions
    ) -> list[GraphQLError]:
        """What permissions do not allow of an operation; empty when it may be executed."""
        if permissions.is_all:
            return []
        if self.access is None:
            text = "This needs an administrator's access token"
            return [GraphQLError(text, extensions={"code": ErrorCode.FORBIDDEN.value})]
        return forbidden(document.needs(self.access, operation_name), permissions)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: `present_errors` logs what is unexpected, once."""
