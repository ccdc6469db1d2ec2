"""GraphiQL for browsers: Strawberry's page, with a first query of ours that says how to authenticate.

The page loads React and GraphiQL from unpkg.com (with integrity hashes), so it needs the internet; no distribution on PyPI
ships a build of it. The setting `server.graphiql` is off unless a profile turns it on.
"""

import json
import re

from strawberry.http.ides import get_graphql_ide_html

GRAPHIQL_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' https://unpkg.com; "
    "style-src 'unsafe-inline' https://unpkg.com; font-src data: https://unpkg.com; img-src data:; "
    "connect-src 'self' ws: wss:; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_FIRST_QUERY = """\
# Packhouse
#
# Every request needs an access token. Open "Headers" below and write, with the token that
# `packhouse init` or `packhouse token create NAME` printed:
#
#     {"Authorization": "Bearer ph_..."}
#
# Then press the reload button at the left for the documentation, and Ctrl-Enter to run this.

{
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
  }
}
"""
_EXAMPLE = re.compile(r"const EXAMPLE_QUERY = `.*?`;", re.DOTALL)


def graphiql_page() -> str:
    """The page as HTML."""
    page = get_graphql_ide_html(graphql_ide="graphiql")
    first_query = f"const EXAMPLE_QUERY = {json.dumps(_FIRST_QUERY)};"
    page = _EXAMPLE.sub(lambda _: first_query, page).replace("<title>Strawberry GraphiQL", "<title>Packhouse GraphiQL")
    # a token does not belong into the browser's storage
    return page.replace("shouldPersistHeaders: true", "shouldPersistHeaders: false")
